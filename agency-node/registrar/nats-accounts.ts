/**
 * (board) Who may do what on NATS: operator, accounts and users as signed JWTs.
 *
 * The NATS servers' operator is an adversary that sees subjects, sizes and timing, and so is every member towards the
 * others. Two walls stand between members:
 *
 * - Every member has an account, a subject space of its own. It imports four services of the federation's account: its own
 *   submissions, and asking for, pulling and acknowledging its own deliveries. The account is needed because a server
 *   sends its answer to whatever reply subject a request names without asking whether the requester may publish there:
 *   in one common account a member could have the server write into another's stream until it is full. Across accounts the
 *   server replaces the reply subject by one of its own.
 * - Within it, users get allow-lists only: deny rules have leaked in past servers, and what is not listed is refused.
 *
 * Streams and consumers live in the federation's account and are made by the broker alone. Accounts are signed by the
 * operator key; members hold only a user key, so no member can import anything further.
 */
import { encodeAccount, encodeOperator, encodeUser, fmtCreds } from "@nats-io/jwt";
import type { Account, Export, Import, User } from "@nats-io/jwt";
import { createAccount, createOperator, createUser, fromPublic } from "@nats-io/nkeys";
import type { KeyPair } from "@nats-io/nkeys";
import { fromHex, lpText } from "../../shared/core/bytes.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { blake2b, blake2bKeyed, hashKey } from "../../shared/crypto/hash.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import {
  BROKER_INBOX_PREFIX,
  deliveryStream,
  deliverySubject,
  MEMBER_API_PREFIX,
  memberInboxPrefix,
  NODE_CONSUMER,
  submissionSubjects,
} from "../../shared/wire/subjects.ts";

/** What the NATS operator needs; all of it public. */
export type NatsAccounts = {
  readonly operatorJwt: string;
  readonly systemAccount: string;
  readonly federationAccount: string;
  /** Public keys of the members' accounts. */
  readonly memberAccounts: Readonly<Record<MemberId, string>>;
  /** Account JWTs by public key. */
  readonly accounts: Readonly<Record<string, string>>;
};

export type NatsAuthority = {
  readonly operator: KeyPair;
  readonly system: KeyPair;
  readonly federation: KeyPair;
  /** Signs the users of all members' accounts, whose own keys follow from it. */
  readonly memberSigner: KeyPair;
};

/** Users' JWTs end by themselves; their parties ask the registrar for new ones before. */
export const NATS_USER_DAYS = 30;

/** Where answers to the registrar's own requests arrive. */
export const SYSTEM_INBOX_PREFIX = "_INBOX_registrar";

const GIBIBYTE = 1024 ** 3;
const UNLIMITED = -1;

/** What all streams may promise each other together at one server: for 500 members with streams of the default sizes, and the broker's own. */
export const NATS_STORE_BYTES_MAX = 1_024 * GIBIBYTE;

/** Each limit of an account that is left out is zero, which for JetStream means: none allowed. */
const FEDERATION_LIMITS = {
  subs: UNLIMITED,
  data: UNLIMITED,
  payload: UNLIMITED,
  conn: 64,
  leaf: 0,
  imports: 0,
  exports: UNLIMITED,
  wildcards: true,
  disallow_bearer: true,
  mem_storage: 0,
  // In a cluster it would count each copy, and a server that stands alone bounds it by its own store: see `NATS_STORE_BYTES_MAX`.
  disk_storage: UNLIMITED,
  streams: 4096,
  consumer: 8192,
  mem_max_stream_bytes: UNLIMITED,
  disk_max_stream_bytes: 16 * GIBIBYTE,
  max_bytes_required: true,
  max_ack_pending: 65_536,
};

/** No JetStream of its own. One connection, plus what a restart leaves behind for a moment. */
const MEMBER_LIMITS = {
  subs: 256,
  data: UNLIMITED,
  payload: UNLIMITED,
  conn: 4,
  leaf: 0,
  imports: UNLIMITED,
  exports: 0,
  wildcards: false,
  disallow_bearer: true,
};

const SYSTEM_LIMITS = {
  subs: UNLIMITED,
  data: UNLIMITED,
  payload: UNLIMITED,
  conn: 16,
  leaf: 0,
  imports: UNLIMITED,
  exports: UNLIMITED,
  wildcards: true,
  disallow_bearer: true,
};

/** What the federation's account answers to members. Pulling has many answers to one request. */
const EXPORTS: Export[] = [
  { name: "submissions", subject: "cw.pub.*.*", type: "service", response_type: "Singleton" },
  {
    name: "consumer info",
    subject: `$JS.API.CONSUMER.INFO.*.${NODE_CONSUMER}`,
    type: "service",
    response_type: "Singleton",
  },
  { name: "pull", subject: `$JS.API.CONSUMER.MSG.NEXT.*.${NODE_CONSUMER}`, type: "service", response_type: "Stream" },
  { name: "acknowledge", subject: `$JS.ACK.*.${NODE_CONSUMER}.>`, type: "service", response_type: "Singleton" },
];

/** New keys for operator and accounts. */
export function createNatsAuthority(): NatsAuthority {
  return {
    operator: createOperator(),
    system: createAccount(),
    federation: createAccount(),
    memberSigner: createAccount(),
  };
}

/** Operator and account JWTs, with a new account for each member. */
export async function issueNatsAccounts(
  authority: NatsAuthority,
  of: { readonly name: string; readonly members: readonly AccountHolder[] },
): Promise<NatsAccounts> {
  const { operator, system, federation } = authority;
  const systemAccount = system.getPublicKey();
  const federationAccount = federation.getPublicKey();
  const account: Partial<Account> = { limits: FEDERATION_LIMITS, exports: EXPORTS };
  const memberAccounts: Record<MemberId, string> = {};
  const accounts: Record<string, string> = {
    [systemAccount]: await encodeAccount("SYS", system, { limits: SYSTEM_LIMITS }, { signer: operator }),
    [federationAccount]: await encodeAccount(of.name, federation, account, { signer: operator }),
  };
  for (const holder of of.members) {
    const publicKey = memberAccount(authority, holder);
    memberAccounts[holder.member] = publicKey;
    accounts[publicKey] = await issueMemberAccount(authority, holder, "open");
  }
  const operatorJwt = await encodeOperator(of.name, operator, { system_account: systemAccount });
  return { operatorJwt, systemAccount, federationAccount, memberAccounts, accounts };
}

/** An account belongs to a member and its signing key: with new keys, such as for a lost node, the member gets another account. */
export type AccountHolder = { readonly member: MemberId; readonly signingKey: Uint8Array };

/**
 * Public key of the account. It follows from the authority and the chain, so that a registrar can tell after any outage, and after a
 * restore, which accounts there should be.
 */
export function memberAccount(
  { memberSigner }: Pick<NatsAuthority, "memberSigner">,
  { member, signingKey }: AccountHolder,
): string {
  const key = hashKey(blake2b(32, lpText("causeway/nats-accounts/v1"), memberSigner.getSeed()));
  const seed = blake2bKeyed(32, key, fromHex(member), signingKey);
  return accountKey(signingKeyPair(seed).publicKey);
}

/** Later than any JWT is issued, in seconds. */
const ALL_TIME = 253_402_300_799;
const EVERY_USER = "*";

/**
 * A member's account. `closed`: whatever was issued under it is void, and pushed to the servers it ends the member's connections at once.
 */
export async function issueMemberAccount(
  authority: Pick<NatsAuthority, "operator" | "federation" | "memberSigner">,
  holder: AccountHolder,
  state: "open" | "closed",
): Promise<string> {
  const publicKey = fromPublic(memberAccount(authority, holder));
  const claims = state === "open" ? openAccount(authority, holder.member) : CLOSED_ACCOUNT;
  return await encodeAccount(holder.member, publicKey, claims, { signer: authority.operator });
}

const CLOSED_ACCOUNT: Partial<Account> = {
  limits: { ...MEMBER_LIMITS, conn: 0, subs: 0, imports: 0 },
  revocations: { [EVERY_USER]: ALL_TIME },
};

function openAccount(
  authority: Pick<NatsAuthority, "federation" | "memberSigner">,
  member: MemberId,
): Partial<Account> {
  const account = authority.federation.getPublicKey();
  const imports = servicesOf(member).map(({ subject, local }): Import => ({
    name: local,
    subject,
    local_subject: local,
    account,
    type: "service",
  }));
  return { limits: MEMBER_LIMITS, imports, signing_keys: [authority.memberSigner.getPublicKey()] };
}

/** JWT of a member's user. `natsKey` is the user key that the member made itself. */
export async function issueMemberUser(
  authority: Pick<NatsAuthority, "memberSigner">,
  of: {
    readonly holder: AccountHolder;
    readonly natsKey: string;
    readonly validUntilMs: number;
  },
): Promise<string> {
  const { member } = of.holder;
  const user = { ...memberPermissions(member), ...USER_LIMITS, ...PLAIN_CONNECTION };
  const options = { signer: authority.memberSigner, exp: toSeconds(of.validUntilMs) };
  const account = fromPublic(memberAccount(authority, of.holder));
  return await encodeUser(member, fromPublic(of.natsKey), account, user, options);
}

/** JWT of the broker's user. */
export async function issueBrokerUser(
  authority: Pick<NatsAuthority, "federation">,
  of: { readonly natsKey: string; readonly validUntilMs: number },
): Promise<string> {
  const user = { ...brokerPermissions(), ...USER_LIMITS, ...PLAIN_CONNECTION };
  const options = { exp: toSeconds(of.validUntilMs) };
  return await encodeUser("broker", fromPublic(of.natsKey), authority.federation, user, options);
}

/**
 * Credentials of a user that may push account changes to the servers and read what they hold: made for one connection, so that none
 * lie about.
 */
export async function issueSystemCredentials(
  authority: Pick<NatsAuthority, "system">,
  validUntilMs: number,
): Promise<string> {
  const user = createUser();
  const permissions = {
    pub: {
      allow: [
        "$SYS.REQ.CLAIMS.UPDATE",
        "$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
        "$SYS.REQ.SERVER.*.VARZ",
        "$SYS.REQ.SERVER.*.RELOAD",
      ],
    },
    sub: { allow: [`${SYSTEM_INBOX_PREFIX}.>`] },
  };
  const options = { exp: toSeconds(validUntilMs) };
  const claims = { ...permissions, ...USER_LIMITS, ...PLAIN_CONNECTION };
  const jwt = await encodeUser("registrar", user, authority.system, claims, options);
  return new TextDecoder().decode(fmtCreds(jwt, user));
}

const ACCOUNT_PREFIX = 0;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** How NATS writes an account's key: base32 of prefix ‖ Ed25519 key ‖ CRC-16, which the library reads but does not write. */
function accountKey(publicKey: Uint8Array): string {
  const body = Uint8Array.of(ACCOUNT_PREFIX, ...publicKey);
  const crc = crc16(body);
  const bytes = Uint8Array.of(...body, crc & 0xff, crc >>> 8);
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) as string[]).map((group) => BASE32[Number.parseInt(group, 2)]).join("");
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
}

/** JWTs count in whole seconds. */
function toSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** The account's limits are what counts. */
const USER_LIMITS = { subs: UNLIMITED, data: UNLIMITED, payload: UNLIMITED };
const PLAIN_CONNECTION: Partial<User> = { bearer_token: false, allowed_connection_types: ["STANDARD"] };

/** Everything that a member may ask of the federation's account: the subject there, and its name in the member's account. */
function servicesOf(member: MemberId): { readonly subject: string; readonly local: string }[] {
  const own = `${deliveryStream(member)}.${NODE_CONSUMER}`;
  const api = ["CONSUMER.INFO", "CONSUMER.MSG.NEXT"].map((request) => `${request}.${own}`);
  const [submissions, acknowledgements] = [submissionSubjects(member), `$JS.ACK.${own}.>`];
  return [
    { subject: submissions, local: submissions },
    ...api.map((request) => ({ subject: `$JS.API.${request}`, local: `${MEMBER_API_PREFIX}.${request}` })),
    { subject: acknowledgements, local: acknowledgements },
  ];
}

/** Everything that a member may publish and subscribe to. */
function memberPermissions(member: MemberId): Pick<User, "pub" | "sub"> {
  const requests = servicesOf(member).map((service) => service.local);
  return { pub: { allow: requests }, sub: { allow: [`${memberInboxPrefix(member)}.>`] } };
}

/**
 * The broker owns all streams and consumers. It may delete no single message; purging is how an epoch retires, and deleting a stream how
 * what a removed member has sent goes.
 */
function brokerPermissions(): Pick<User, "pub" | "sub"> {
  return {
    pub: {
      allow: [
        deliverySubject("*" as MemberId),
        "$JS.API.INFO",
        "$JS.API.STREAM.CREATE.*",
        "$JS.API.STREAM.UPDATE.*",
        "$JS.API.STREAM.INFO.*",
        "$JS.API.STREAM.PURGE.*",
        "$JS.API.STREAM.DELETE.*",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.LIST",
        "$JS.API.STREAM.MSG.GET.*",
        "$JS.API.CONSUMER.CREATE.>",
        "$JS.API.CONSUMER.DURABLE.CREATE.*.*",
        "$JS.API.CONSUMER.INFO.*.*",
        "$JS.API.CONSUMER.DELETE.*.*",
        "$JS.API.CONSUMER.MSG.NEXT.*.*",
        "$JS.API.CONSUMER.NAMES.*",
        "$JS.API.CONSUMER.LIST.*",
        "$JS.ACK.>",
      ],
    },
    sub: { allow: [`${BROKER_INBOX_PREFIX}.>`] },
  };
}
