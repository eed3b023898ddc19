/**
 * (board) Founds a federation in one sitting: certificate authority, the first directives, salts of epoch 1, certificates,
 * NATS users, and one bundle for every party.
 *
 * Public halves come in as enrolments whose fingerprints people have compared; nothing secret of a party is seen here but
 * the administrators' own keys. What the sitting makes for the board itself (the keys of the certificate authority, of
 * the NATS accounts and of the freshness statements) stays in the first administrator's directory, the registrar's. The
 * registrar alone can issue certificates and NATS users: they let somebody connect and count for nothing that a signed
 * directive does not say.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fmtCreds } from "@nats-io/jwt";
import { toHex } from "../../shared/core/bytes.ts";
import { directiveHash } from "../../shared/core/chain.ts";
import type { Admit, Federation, Found } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { probeCrypto } from "../../shared/crypto/probe.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { encodeChain, proveChain, writeChain } from "../../shared/platform/chain-file.ts";
import { makePrivateDirectory, replaceFile, writeNewSecret } from "../../shared/platform/key-files.ts";
import { keyFile, partyFile } from "../../shared/platform/party.ts";
import type { Enrolment } from "../../shared/platform/party.ts";
import { certificateDer, createAuthority, issueCertificate } from "../../shared/platform/tls.ts";
import type { Authority, PeerIdentity } from "../../shared/platform/tls.ts";
import { decide, seatAdministrator, stateFreshness } from "./board.ts";
import type { SeatedAdministrator, Sitting } from "./board.ts";
import {
  createNatsAuthority,
  issueBrokerUser,
  issueMemberUser,
  issueNatsAccounts,
  issueSystemUser,
} from "./nats-accounts.ts";
import type { NatsAccounts, NatsAuthority } from "./nats-accounts.ts";
import { makeSalts } from "./salts.ts";

/** The terms on which the board admits a member. */
export type MemberTerms = Omit<Admit, "member" | "signingKey" | "sealingKey">;

export type FoundingPlan = {
  readonly name: string;
  /** The whole board; the first is the registrar. The first `quorum` sign and contribute to the salts. */
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
};

const DAY_MS = 24 * 3_600_000;
const GENERATION = 1;

/**
 * Throws CONFLICT if the registrar's directory already founded a federation or `outDir` exists, INVALID for a plan that
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
  };
  const nats = createNatsAuthority();
  const accounts = await issueNatsAccounts(nats, { name: plan.name, members: [...federation.members.keys()] });
  await keepRegistrarKeys(plan.administratorDirs[0] as string, { authority, freshnessSeed, nats, accounts });
  for (const dir of plan.administratorDirs) {
    const context = { pinnedFingerprint: fingerprint, nowMs: plan.nowMs };
    writeChain(partyFile(dir, "chain"), proveChain(chain, context), context);
    replaceFile(partyFile(dir, "freshness"), common.freshness, 0o644);
    replaceFile(partyFile(dir, "pin"), common.pin, 0o644);
  }
  const bundles = await writeBundles(plan, { federation, authority, common, nats, accounts });
  const members = new Map([...federation.members.values()].map(({ slug, member }) => [slug, member]));
  return { federation, fingerprint, members, bundles };
}

type Common = { readonly chain: Uint8Array; readonly freshness: Uint8Array; readonly pin: string };

function assertUnused(plan: FoundingPlan): void {
  const [registrar] = plan.administratorDirs;
  if (registrar === undefined) throw invalid("a federation needs administrators", "administratorDirs");
  if (existsSync(keyFile(registrar, "ca.key"))) {
    throw new CausewayError("CONFLICT", `${registrar} has founded a federation already`);
  }
  if (existsSync(plan.outDir)) throw new CausewayError("CONFLICT", `${plan.outDir} exists already`);
  // The names of bundles are the names of their directories.
  const names = [...partiesOf(plan).map((party) => party.name), "nats"];
  if (new Set(names).size !== names.length) throw invalid("two parties have the same name", "members");
}

/** found, admit for each member, epoch-open 1, epoch-activate 1. */
async function decideFoundation(
  plan: FoundingPlan,
  of: {
    readonly board: readonly SeatedAdministrator[];
    readonly federationId: Uint8Array;
    readonly authority: Authority;
    readonly freshnessSeed: Uint8Array;
  },
): Promise<Sitting & { readonly state: Federation }> {
  const signers = of.board.slice(0, plan.quorum).map((administrator) => administrator.signer);
  const empty: Sitting = { federation: of.federationId, signers, nowMs: plan.nowMs, chain: [], state: undefined };
  const found: Found = {
    name: plan.name,
    board: of.board.map((administrator) => administrator.public),
    quorum: plan.quorum,
    broker: {
      name: plan.broker.enrolment.name,
      signingKey: plan.broker.enrolment.signingKey,
      address: plan.broker.address,
    },
    evaluators: plan.evaluators.map(({ enrolment, address }) => ({
      name: enrolment.name,
      address,
      signingKey: enrolment.signingKey,
      sharePublicKey: needed(enrolment, "sharePublicKey"),
    })),
    generation: GENERATION,
    tlsRoots: [certificateDer(of.authority.certificatePem)],
    freshnessKey: signingKeyPair(of.freshnessSeed).publicKey,
  };
  let sitting = decide(empty, { type: "found", ...found });
  for (const { enrolment, terms } of plan.members) {
    const member = toId<MemberId>(toHex(randomBytes(16)));
    const sealingKey = needed(enrolment, "sealingKey");
    sitting = decide(sitting, {
      type: "admit",
      ...terms,
      member,
      signingKey: enrolment.signingKey,
      sealingKey,
      salts: [],
    });
  }
  sitting = decide(sitting, {
    type: "epochOpen",
    epoch: 1,
    salts: await makeSalts(sitting.state, 1),
    scheme: plan.scheme,
    generation: GENERATION,
    brokerSealingKey: needed(plan.broker.enrolment, "sealingKey"),
    opensAtMs: plan.nowMs,
    retiresAtMs: plan.nowMs + (plan.epochDays ?? 365) * DAY_MS,
    evaluators: [],
    memberKeys: [],
  });
  return decide(sitting, { type: "epochActivate", epoch: 1, laggards: [] });
}

async function keepRegistrarKeys(
  dir: string,
  of: {
    readonly authority: Authority;
    readonly freshnessSeed: Uint8Array;
    readonly nats: NatsAuthority;
    readonly accounts: NatsAccounts;
  },
): Promise<void> {
  writeNewSecret(keyFile(dir, "ca.key"), of.authority.privateKeyPem);
  writeNewSecret(keyFile(dir, "freshness.key"), of.freshnessSeed);
  writeNewSecret(keyFile(dir, "nats-operator.seed"), of.nats.operator.getSeed());
  writeNewSecret(keyFile(dir, "nats-system.seed"), of.nats.system.getSeed());
  writeNewSecret(keyFile(dir, "nats-federation.seed"), of.nats.federation.getSeed());
  writeNewSecret(keyFile(dir, "nats-member-signer.seed"), of.nats.memberSigner.getSeed());
  writeNewSecret(keyFile(dir, "nats-system.creds"), fmtCreds(await issueSystemUser(of.nats), of.nats.systemUser));
  replaceFile(partyFile(dir, "natsAccounts"), accountsText(of.accounts), 0o644);
  replaceFile(join(dir, "ca.crt"), of.authority.certificatePem, 0o644);
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
  const broker = { enrolment: plan.broker.enrolment, hosts: [hostOf(plan.broker.address)] };
  return [
    { ...broker, name: "broker", identity: () => ({ kind: "broker" }) },
    ...others.map(({ enrolment, address }): Party => ({
      name: enrolment.name,
      enrolment,
      hosts: [hostOf(address)],
      identity: () => ({ kind: "evaluator", name: enrolment.name }),
    })),
    ...plan.members.map(({ enrolment, terms }): Party => ({
      name: terms.slug,
      enrolment,
      hosts: [],
      identity: (federation) => ({ kind: "member", member: memberBySlug(federation, terms.slug) }),
    })),
  ];
}

async function writeBundles(
  plan: FoundingPlan,
  of: {
    readonly federation: Federation;
    readonly authority: Authority;
    readonly common: Common;
    readonly nats: NatsAuthority;
    readonly accounts: NatsAccounts;
  },
): Promise<Map<string, string>> {
  const bundles = new Map<string, string>();
  const write = async (dir: string, party: Party): Promise<void> => {
    const identity = party.identity(of.federation);
    makePrivateDirectory(dir);
    replaceFile(partyFile(dir, "chain"), of.common.chain, 0o644);
    replaceFile(partyFile(dir, "freshness"), of.common.freshness, 0o644);
    replaceFile(partyFile(dir, "pin"), of.common.pin, 0o644);
    replaceFile(partyFile(dir, "roots"), of.authority.certificatePem, 0o644);
    const requestPem = needed(party.enrolment, "tlsRequestPem");
    const { hosts } = party;
    const certificate = await issueCertificate({ ...of, requestPem, identity, hosts, nowMs: plan.nowMs });
    replaceFile(partyFile(dir, "certificate"), certificate, 0o644);
    const jwt = await userJwt(of, identity, party.enrolment);
    if (jwt !== undefined) replaceFile(partyFile(dir, "userJwt"), `${jwt}\n`, 0o644);
    bundles.set(party.name, dir);
  };
  for (const party of partiesOf(plan)) await write(join(plan.outDir, "bundle", party.name), party);
  const nats = join(plan.outDir, "nats");
  await write(nats, { ...plan.nats, name: "nats", identity: () => ({ kind: "nats" }) });
  replaceFile(partyFile(nats, "natsAccounts"), accountsText(of.accounts), 0o644);
  return bundles;
}

async function userJwt(
  of: { readonly nats: NatsAuthority; readonly accounts: NatsAccounts },
  identity: PeerIdentity,
  enrolment: Enrolment,
): Promise<string | undefined> {
  if (identity.kind === "broker") return await issueBrokerUser(of.nats, needed(enrolment, "natsKey"));
  if (identity.kind !== "member") return undefined;
  const { member } = identity;
  const account = of.accounts.memberAccounts[member];
  if (account === undefined) throw new CausewayError("INTERNAL", "a member has no NATS account");
  return await issueMemberUser(of.nats, { member, account, natsKey: needed(enrolment, "natsKey") });
}

function accountsText(accounts: NatsAccounts): string {
  return `${JSON.stringify(accounts, undefined, 2)}\n`;
}

function memberBySlug(federation: Federation, slug: string): MemberId {
  const member = [...federation.members.values()].find((each) => each.slug === slug);
  if (member === undefined) throw new CausewayError("INTERNAL", "a member of the plan was not admitted");
  return member.member;
}

function needed<Key extends "sealingKey" | "sharePublicKey" | "tlsRequestPem" | "natsKey">(
  enrolment: Enrolment,
  key: Key,
): NonNullable<Enrolment[Key]> {
  const value = enrolment[key];
  if (value === undefined) throw invalid("an enrolment lacks a key that its role needs", key);
  return value;
}

/** host of host:port, without the brackets of an IPv6 address. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

function invalid(message: string, field: string): CausewayError {
  return new CausewayError("INVALID", message, { fields: [field] });
}
