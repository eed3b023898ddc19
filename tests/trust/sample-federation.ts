/** An invented federation, founded for real in a temporary directory. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foundFederation } from "../../agency-node/admin/found.ts";
import type { Founded, FoundingPlan } from "../../agency-node/admin/found.ts";
import type { MemberTerms } from "../../agency-node/admin/founding.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { installBundle } from "../../shared/party/install.ts";
import { initAdministrator, initBroker, initEvaluator, initNats, initNode } from "../../shared/party/new-party.ts";

export type SampleFederation = Disposable & {
  readonly root: string;
  readonly plan: FoundingPlan;
  readonly founded: Founded;
  /** Directory of a party: "broker", "key-office", "nats", "harbour", "border", "chair", "deputy", "clerk". */
  dir(party: string): string;
};

export const NOW_MS = Date.UTC(2026, 10, 22, 12);

/** Two invented units. Only the second may work on victims' records. */
const UNITS: readonly { readonly slug: string; readonly domains: readonly Domain[] }[] = [
  { slug: "harbour", domains: ["target"] },
  { slug: "border", domains: ["target", "protected"] },
];

export function termsOf(slug: string, domains: readonly Domain[]): MemberTerms {
  return {
    slug,
    name: `Invented unit ${slug}`,
    mandate: "invented mandate",
    contact: { office: "Duty desk", phone: "+44 1632 960000", email: `desk@${slug}.example`, hours: "always" },
    domains,
    legalBasis: "Invented Act, section 1",
    purposes: ["deconfliction"],
    retentionDaysMax: 365,
    budget: { initial: 100_000, perDay: 10_000 },
  };
}

/** Every party makes its keys; nothing is founded yet. Remove `root` when done. */
export async function enrolAll(nowMs = NOW_MS): Promise<{ readonly root: string; readonly plan: FoundingPlan }> {
  const root = mkdtempSync(join(tmpdir(), "causeway-trust-"));
  chmodSync(root, 0o700);
  const administratorDirs = ["chair", "deputy", "clerk"].map((name) => join(root, name));
  for (const dir of administratorDirs) await initAdministrator(dir, { name: `The ${dir.slice(root.length + 1)}` });
  const broker = (await initBroker(join(root, "broker"))).enrolment;
  const office = (await initEvaluator(join(root, "key-office"), { name: "key-office" })).enrolment;
  const nats = (await initNats(join(root, "nats"))).enrolment;
  const members = [];
  for (const { slug, domains } of UNITS) {
    const { enrolment } = await initNode(join(root, slug), { name: `Invented unit ${slug}` });
    members.push({ enrolment, terms: termsOf(slug, domains) });
  }
  const plan: FoundingPlan = {
    name: "Invented federation",
    administratorDirs,
    quorum: 2,
    broker: { enrolment: broker, address: "localhost:7443" },
    evaluators: [
      { enrolment: broker, address: "localhost:7443" },
      { enrolment: office, address: "localhost:7444" },
    ],
    members,
    nats: { enrolment: nats, hosts: ["localhost", "127.0.0.1"] },
    scheme: "invented-scheme/1",
    nowMs,
    outDir: join(root, "out"),
  };
  return { root, plan };
}

/** Founds the federation and installs every party's bundle. */
export async function foundSample(nowMs = NOW_MS): Promise<SampleFederation> {
  const { root, plan } = await enrolAll(nowMs);
  const founded = await foundFederation(plan);
  for (const [party, bundleDir] of founded.bundles) {
    installBundle({ partyDir: join(root, party), bundleDir, fingerprint: founded.fingerprint, nowMs });
  }
  return {
    root,
    plan,
    founded,
    dir: (party) => join(root, party),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
