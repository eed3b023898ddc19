/**
 * (board) Founds a federation in one sitting: certificate authority, the first directives, salts of epoch 1, certificates,
 * NATS users, and one bundle for every party.
 *
 * Public halves come in as enrolments whose fingerprints people have compared; nothing secret of a party is seen here but
 * the administrators' own keys. What the sitting makes for the board's registrar (the keys of the certificate authority, of the
 * NATS accounts and of the freshness statements) goes into a directory of its own, see `registrar/keys.ts`; no administrator keeps
 * it.
 */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { hostsOf } from "../../shared/core/addresses.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { directiveHash } from "../../shared/core/chain.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { probeCrypto } from "../../shared/crypto/probe.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { encodeChain } from "../../shared/party/chain-file.ts";
import { makePrivateDirectory, replaceFile, writeNewSecret } from "../../shared/party/key-files.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import type { Enrolment } from "../../shared/party/enrolment.ts";
import { certificateDer } from "../../shared/platform/tls.ts";
import { administratorIdentity, evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { Authority } from "../../shared/platform/certificates.ts";
import { seatAdministrator } from "./board.ts";
import type { SeatedAdministrator, Sitting } from "./board.ts";
import {
  createNatsAuthority,
  issueBrokerUser,
  issueMemberUser,
  issueNatsAccounts,
  NATS_USER_DAYS,
} from "../registrar/nats-accounts.ts";
import type { NatsAccounts, NatsAuthority } from "../registrar/nats-accounts.ts";
import { natsServerDirectory, writeRegistrarKeys } from "../registrar/keys.ts";
import type { RegistrarKeys } from "../registrar/keys.ts";
import { stateFreshness } from "../registrar/statement.ts";
import { decideFounding } from "./founding.ts";
import type { MemberTerms } from "./founding.ts";

export type FoundingPlan = {
  readonly name: string;
  /** The whole board. The first `quorum` sign and contribute to the salts. */
  readonly administratorDirs: readonly string[];
  readonly quorum: number;
  readonly broker: { readonly enrolment: Enrolment; readonly address: string };
  /** In the order of the key shares; for its own share the broker's enrolment is listed first. */
  readonly evaluators: readonly { readonly enrolment: Enrolment; readonly address: string }[];
  readonly members: readonly { readonly enrolment: Enrolment; readonly terms: MemberTerms }[];
  /** Hosts are the DNS names and IP addresses under which members reach the NATS server. */
  readonly nats: { readonly enrolment: Enrolment; readonly hosts: readonly string[] };
  /** Name of the linkage scheme of epoch 1. */
  readonly scheme: string;
  readonly nowMs: number;
  /** Default one year. */
  readonly epochDays?: number;
  readonly outDir: string;
};

export type Founded = {
  readonly federation: Federation;
  /** Hash of `found`: what every party compares and pins. */
  readonly fingerprint: Uint8Array;
  readonly members: ReadonlyMap<string, MemberId>;
  /** Directory of each party's bundle, by slug or name; "broker" and "nats" among them. */
  readonly bundles: ReadonlyMap<string, string>;
  /** What the board keeps on-line; to be moved to the registrar's machine. */
  readonly registrarDir: string;
};

const DAY_MS = 24 * 3_600_000;

/**
 * Throws CONFLICT if an administrator's directory belongs to a federation already or `outDir` exists, INVALID for a plan that
 * breaks a rule of the protocol or lacks a key.
 */
export async function foundFederation(plan: FoundingPlan): Promise<Founded> {
  probeCrypto();
  assertUnused(plan);
  const board = plan.administratorDirs.map(seatAdministrator);
  const federationId = randomBytes(16);
  const authority = await createAuthority({ federation: federationId, nowMs: plan.nowMs });
  const freshnessSeed = randomBytes(32);
  const sitting = await decideFoundation(plan, { board, federationId, authority, freshnessSeed });
  const { state: federation, chain } = sitting;
  const fingerprint = directiveHash((chain[0] as (typeof chain)[number]).payload);
  const common: Common = {
    chain: encodeChain(chain),
    freshness: stateFreshness({ federation, freshnessSeed, nowMs: plan.nowMs }),
    pin: `${toHex(fingerprint)}\n`,
    roots: authority.certificatePem,
  };
  const nats = createNatsAuthority();
  const accounts = await issueNatsAccounts(nats, { name: plan.name, members: [...federation.members.values()] });
  const issue = { federation, authority, common, nats, accounts };
  const registrarDir = join(plan.outDir, "registrar");
  await makeRegistrar(plan, registrarDir, { ...issue, freshnessSeed });
  for (const dir of plan.administratorDirs) await seatWithCertificate(plan, dir, issue);
  const bundles = await writeBundles(plan, issue);
  const members = new Map([...federation.members.values()].map(({ slug, member }) => [slug, member]));
  return { federation, fingerprint, members, bundles, registrarDir };
}

/** What every party gets. */
type Common = {
  readonly chain: Uint8Array;
  readonly freshness: Uint8Array;
  readonly pin: string;
  readonly roots: string;
};

type Issue = {
  readonly federation: Federation;
  readonly authority: Authority;
  readonly common: Common;
  readonly nats: NatsAuthority;
  readonly accounts: NatsAccounts;
};

function assertUnused(plan: FoundingPlan): void {
  if (plan.administratorDirs.length === 0) throw invalid("a federation needs administrators", "administratorDirs");
  for (const dir of plan.administratorDirs) {
    if (existsSync(partyFile(dir, "pin"))) {
      throw new CausewayError("CONFLICT", `${dir} belongs to a federation already`);
    }
  }
  if (existsSync(plan.outDir)) throw new CausewayError("CONFLICT", `${plan.outDir} exists already`);
  // The names of bundles are the names of their directories.
  const names = [...partiesOf(plan).map((party) => party.name), "nats"];
  if (new Set(names).size !== names.length) throw invalid("two parties have the same name", "members");
}

/** The public halves out of the enrolments, and the signatures of the quorum that sits here. */
async function decideFoundation(
  plan: FoundingPlan,
  of: {
    readonly board: readonly SeatedAdministrator[];
    readonly federationId: Uint8Array;
    readonly authority: Authority;
    readonly freshnessSeed: Uint8Array;
  },
): Promise<Sitting & { readonly state: Federation }> {
  const { name, quorum, scheme, nowMs } = plan;
  const { enrolment } = plan.broker;
  return await decideFounding({
    name,
    quorum,
    scheme,
    nowMs,
    retiresAtMs: nowMs + (plan.epochDays ?? 365) * DAY_MS,
    federationId: of.federationId,
    board: of.board.map((administrator) => administrator.public),
    signers: of.board.slice(0, quorum).map((administrator) => administrator.signer),
    broker: { name: enrolment.name, signingKey: enrolment.signingKey, address: plan.broker.address },
    brokerSealingKey: needed(enrolment, "sealingKey"),
    evaluators: plan.evaluators.map((each) => ({
      name: each.enrolment.name,
      address: each.address,
      signingKey: each.enrolment.signingKey,
      sharePublicKey: needed(each.enrolment, "sharePublicKey"),
    })),
    members: plan.members.map((each) => ({
      ...each.terms,
      member: toId<MemberId>(toHex(randomBytes(16))),
      signingKey: each.enrolment.signingKey,
      sealingKey: needed(each.enrolment, "sealingKey"),
    })),
    tlsRoot: certificateDer(of.authority.certificatePem),
    freshnessKey: signingKeyPair(of.freshnessSeed).publicKey,
  });
}

/** The registrar's keys are made here, because it is nobody's but the board's. */
async function makeRegistrar(plan: FoundingPlan, dir: string, of: Issue & RegistrarKeys): Promise<void> {
  makePrivateDirectory(join(dir, "keys"));
  writeRegistrarKeys(dir, of);
  const { privateKeyPem, requestPem } = await createTlsRequest();
  writeNewSecret(keyFile(dir, "tls.key"), privateKeyPem);
  replaceFile(partyFile(dir, "request"), requestPem, 0o644);
  writeCommon(dir, of.common);
  await writeCertificate(plan, dir, { ...of, requestPem, identity: { kind: "registrar" }, hosts: [] });
}

/** The administrators are here: what they need to talk to the broker goes straight into their directories. */
async function seatWithCertificate(plan: FoundingPlan, dir: string, of: Issue): Promise<void> {
  const { enrolment } = readEnrolment(dir);
  const requestPem = needed(enrolment, "tlsRequestPem");
  const identity = administratorIdentity(enrolment);
  writeCommon(dir, of.common);
  await writeCertificate(plan, dir, { ...of, requestPem, identity, hosts: [] });
}

function writeCommon(dir: string, common: Common): void {
  replaceFile(partyFile(dir, "chain"), common.chain, 0o644);
  replaceFile(partyFile(dir, "freshness"), common.freshness, 0o644);
  replaceFile(partyFile(dir, "pin"), common.pin, 0o644);
  replaceFile(partyFile(dir, "roots"), common.roots, 0o644);
}

async function writeCertificate(
  plan: FoundingPlan,
  dir: string,
  of: Omit<Parameters<typeof issueCertificate>[0], "nowMs">,
): Promise<void> {
  const certificate = await issueCertificate({ ...of, nowMs: plan.nowMs });
  replaceFile(partyFile(dir, "certificate"), certificate, 0o644);
}

type Party = {
  readonly name: string;
  readonly enrolment: Enrolment;
  readonly hosts: readonly string[];
  readonly identity: (federation: Federation) => PeerIdentity;
};

/** Everybody but the board and the NATS server, under the name of its bundle. The broker's own evaluator is the broker. */
function partiesOf(plan: FoundingPlan): Party[] {
  const others = plan.evaluators.filter(({ enrolment }) => enrolment.kind === "evaluator");
  const broker = { enrolment: plan.broker.enrolment, hosts: hostsOf(plan.broker.address) };
  return [
    { ...broker, name: "broker", identity: () => ({ kind: "broker" }) },
    ...others.map(({ enrolment, address }): Party => ({
      name: enrolment.name,
      enrolment,
      hosts: hostsOf(address),
      identity: () => evaluatorIdentity(enrolment),
    })),
    ...plan.members.map(({ enrolment, terms }): Party => ({
      name: terms.slug,
      enrolment,
      hosts: [],
      identity: (federation) => memberIdentity(memberBySlug(federation, terms.slug)),
    })),
  ];
}

async function writeBundles(plan: FoundingPlan, of: Issue): Promise<Map<string, string>> {
  const bundles = new Map<string, string>();
  const validUntilMs = plan.nowMs + NATS_USER_DAYS * DAY_MS;
  const write = async (dir: string, { name, enrolment, hosts, identity: identityIn }: Party): Promise<void> => {
    const identity = identityIn(of.federation);
    makePrivateDirectory(dir);
    writeCommon(dir, of.common);
    const requestPem = needed(enrolment, "tlsRequestPem");
    await writeCertificate(plan, dir, { ...of, requestPem, identity, hosts });
    const jwt = await userJwt({ ...of, validUntilMs }, identity, enrolment);
    if (jwt !== undefined) replaceFile(partyFile(dir, "userJwt"), `${jwt}\n`, 0o644);
    bundles.set(name, dir);
  };
  for (const party of partiesOf(plan)) await write(join(plan.outDir, "bundle", party.name), party);
  const nats = join(plan.outDir, "nats");
  await write(nats, { ...plan.nats, name: "nats", identity: () => ({ kind: "nats" }) });
  keepForRegistrar(plan, nats);
  replaceFile(partyFile(nats, "natsAccounts"), accountsText(of.accounts), 0o644);
  return bundles;
}

/** What the registrar needs for the NATS server's next certificate: the server has no place in the chain, and asks for nothing. */
function keepForRegistrar({ outDir, nats: { enrolment } }: FoundingPlan, bundle: string): void {
  const kept = natsServerDirectory(join(outDir, "registrar"));
  makePrivateDirectory(kept);
  replaceFile(partyFile(kept, "request"), needed(enrolment, "tlsRequestPem"), 0o644);
  copyFileSync(partyFile(bundle, "certificate"), partyFile(kept, "certificate"));
}

async function userJwt(
  of: { readonly nats: NatsAuthority; readonly validUntilMs: number },
  identity: PeerIdentity,
  enrolment: Enrolment,
): Promise<string | undefined> {
  const { validUntilMs } = of;
  if (identity.kind === "broker") {
    return await issueBrokerUser(of.nats, { natsKey: needed(enrolment, "natsKey"), validUntilMs });
  }
  if (identity.kind !== "member") return undefined;
  const holder = { member: identity.member, signingKey: enrolment.signingKey };
  return await issueMemberUser(of.nats, { holder, natsKey: needed(enrolment, "natsKey"), validUntilMs });
}

function accountsText(accounts: NatsAccounts): string {
  return `${JSON.stringify(accounts, undefined, 2)}\n`;
}

function memberBySlug(federation: Federation, slug: string): Admit {
  const member = [...federation.members.values()].find((each) => each.slug === slug);
  if (member === undefined) throw new CausewayError("INTERNAL", "a member of the plan was not admitted");
  return member;
}

function needed<Key extends "sealingKey" | "sharePublicKey" | "tlsRequestPem" | "natsKey">(
  enrolment: Enrolment,
  key: Key,
): NonNullable<Enrolment[Key]> {
  const value = enrolment[key];
  if (value === undefined) throw invalid("an enrolment lacks a key that its role needs", key);
  return value;
}

function invalid(message: string, field: string): CausewayError {
  return new CausewayError("INVALID", message, { fields: [field] });
}
