/**
 * (board) Who may do what on NATS: operator, accounts and users as signed JWTs.
 *
 * The NATS servers' operator is an adversary that sees subjects, sizes and timing, and so is every member towards the
 * others. Users get allow-lists only: deny rules have leaked in past servers, and what is not listed is refused. A member
 * can publish its own submissions, pull and acknowledge its own deliveries, and hear its own inbox; streams and consumers
 * are made by the broker alone.
 *
 * Known weakness, by NATS's design: the server sends its answer to whatever reply subject a request names, without asking
 * whether the requester may publish there. See the note on reply subjects in `deploy/nats/config.ts`.
 */
import { encodeAccount, encodeOperator, encodeUser } from "@nats-io/jwt";
import type { Account, User } from "@nats-io/jwt";
import { createAccount, createOperator, createUser, fromPublic } from "@nats-io/nkeys";
import type { KeyPair } from "@nats-io/nkeys";
import type { MemberId } from "../../shared/core/ids.ts";
import {
  BROKER_INBOX_PREFIX,
  deliveryStream,
  deliverySubject,
  memberInboxPrefix,
  NODE_CONSUMER,
  submissionSubjects,
} from "../../shared/wire/subjects.ts";

/** What the NATS operator needs; all of it public. */
export type NatsAccounts = {
  readonly operatorJwt: string;
  readonly systemAccount: string;
  readonly federationAccount: string;
  /** Account JWTs by public key. */
  readonly accounts: Readonly<Record<string, string>>;
};

export type NatsAuthority = {
  readonly operator: KeyPair;
  readonly system: KeyPair;
  readonly federation: KeyPair;
  /** Pushes changed accounts and revocations to the servers. */
  readonly systemUser: KeyPair;
};

const GIBIBYTE = 1024 ** 3;
const UNLIMITED = -1;

/** Each limit of an account that is left out is zero, which for JetStream means: none allowed. */
function federationLimits(membersMax: number) {
  return {
    subs: UNLIMITED,
    data: UNLIMITED,
    payload: UNLIMITED,
    conn: 4 * membersMax + 16,
    leaf: 0,
    imports: 0,
    exports: 0,
    wildcards: false,
    disallow_bearer: true,
    mem_storage: 0,
    disk_storage: 64 * GIBIBYTE,
    streams: 2 * membersMax + 16,
    consumer: 4 * membersMax + 64,
    mem_max_stream_bytes: UNLIMITED,
    disk_max_stream_bytes: 16 * GIBIBYTE,
    max_bytes_required: true,
    max_ack_pending: 65_536,
  };
}

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

/** A member has one connection at a time, plus what a restart leaves behind for a moment. */
const MEMBER_SUBSCRIPTIONS_MAX = 64;

/** New keys for operator, accounts and the user that manages them. */
export function createNatsAuthority(): NatsAuthority {
  return { operator: createOperator(), system: createAccount(), federation: createAccount(), systemUser: createUser() };
}

/** Operator and account JWTs. `membersMax` sizes the account's limits; `revoked` are users' public keys, as of seconds. */
export async function issueNatsAccounts(
  authority: NatsAuthority,
  of: { readonly name: string; readonly membersMax: number; readonly revoked?: Readonly<Record<string, number>> },
): Promise<NatsAccounts> {
  const { operator, system, federation } = authority;
  const systemAccount = system.getPublicKey();
  const federationAccount = federation.getPublicKey();
  const account: Partial<Account> = { limits: federationLimits(of.membersMax), revocations: { ...of.revoked } };
  return {
    operatorJwt: await encodeOperator(of.name, operator, { system_account: systemAccount }),
    systemAccount,
    federationAccount,
    accounts: {
      [systemAccount]: await encodeAccount("SYS", system, { limits: SYSTEM_LIMITS }, { signer: operator }),
      [federationAccount]: await encodeAccount(of.name, federation, account, { signer: operator }),
    },
  };
}

/** JWT of a member's user. `natsKey` is the user key that the member made itself. */
export async function issueMemberUser(authority: NatsAuthority, member: MemberId, natsKey: string): Promise<string> {
  const limits = { subs: MEMBER_SUBSCRIPTIONS_MAX, data: UNLIMITED, payload: UNLIMITED };
  const user = { ...memberPermissions(member), ...limits, ...PLAIN_CONNECTION };
  return await encodeUser(member, fromPublic(natsKey), authority.federation, user);
}

/** JWT of the broker's user. */
export async function issueBrokerUser(authority: NatsAuthority, natsKey: string): Promise<string> {
  const limits = { subs: UNLIMITED, data: UNLIMITED, payload: UNLIMITED };
  const user = { ...brokerPermissions(), ...limits, ...PLAIN_CONNECTION };
  return await encodeUser("broker", fromPublic(natsKey), authority.federation, user);
}

/** JWT of the user that may push account changes to the servers. */
export async function issueSystemUser(authority: NatsAuthority): Promise<string> {
  const inbox = "_INBOX_system";
  const permissions = { pub: { allow: ["$SYS.REQ.CLAIMS.UPDATE"] }, sub: { allow: [`${inbox}.>`] } };
  return await encodeUser("system", authority.systemUser, authority.system, { ...permissions, ...PLAIN_CONNECTION });
}

const PLAIN_CONNECTION: Partial<User> = { bearer_token: false, allowed_connection_types: ["STANDARD"] };

/** Everything that a member may publish and subscribe to. */
export function memberPermissions(member: MemberId): Pick<User, "pub" | "sub"> {
  const own = `${deliveryStream(member)}.${NODE_CONSUMER}`;
  return {
    pub: {
      allow: [
        submissionSubjects(member),
        `$JS.API.CONSUMER.INFO.${own}`,
        `$JS.API.CONSUMER.MSG.NEXT.${own}`,
        `$JS.ACK.${own}.>`,
      ],
    },
    sub: { allow: [`${memberInboxPrefix(member)}.>`] },
  };
}

/** The broker owns all streams and consumers. It may delete no message and no stream; purging is how an epoch retires. */
export function brokerPermissions(): Pick<User, "pub" | "sub"> {
  return {
    pub: {
      allow: [
        deliverySubject("*" as MemberId),
        "$JS.API.INFO",
        "$JS.API.STREAM.CREATE.*",
        "$JS.API.STREAM.UPDATE.*",
        "$JS.API.STREAM.INFO.*",
        "$JS.API.STREAM.PURGE.*",
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
