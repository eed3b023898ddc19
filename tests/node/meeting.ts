/** A record of another unit that meets one of a `TestNode`, and what a broker can make of it. All values are invented. */
import { identifiersAt } from "../../agency-node/core/publication.ts";
import type { HardenedIdentifier, Layout } from "../../agency-node/core/publication.ts";
import type { MatchState } from "../../agency-node/core/match.ts";
import { classOf } from "../../agency-node/linkage/scheme.ts";
import type { KindName } from "../../agency-node/linkage/scheme.ts";
import { Matches } from "../../agency-node/matches.ts";
import type { MatchesParts } from "../../agency-node/matches.ts";
import type { Version } from "../../agency-node/store/publications.ts";
import { concat, fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import { byClass, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Disclosure, Meeting, NoticeEvent, Positions, TokenClass } from "../../shared/core/data-plane.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import { x25519PublicKey } from "../../shared/crypto/x25519.ts";
import { signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { binderOf, confirmKeyOf, meetingPayload, ownerOf, saltKey, tagger } from "../../shared/crypto/token.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { invented } from "../crypto/support.ts";
import { FEDERATION, MEMBER, NODE_SIGNER, NOTHING } from "./support.ts";
import type { TestNode } from "./support.ts";

export const SALT = saltKey(invented("salt", 32));

/** What the record of the node and that of the other unit have in common: one of each class. */
const KINDS: readonly KindName[] = [
  "person.document",
  "person.pair-skeleton-year.rare-rare",
  "person.name-year-birthplace.common",
];
const inputOf = (kind: KindName): Uint8Array => utf8(kind);
/** Hardened: nobody has it who does not know the identifier. */
const yOf = (kind: KindName): Uint8Array => invented(`y of ${kind}`, 64);

/** The node's name for one of its records, see `Trust.binder`. */
export function binderAtNode(handle: Handle): Uint8Array {
  const owner = ownerOf({ member: MEMBER, handle, blind: invented(`blind ${handle}`, 32) });
  return binderOf(invented(`conversation ${handle}`, 32), owner);
}

/** A record of another unit, and the unit as the chain has it. */
export class OtherRecord {
  readonly admit: Admit;
  readonly handle: Handle;
  readonly blind: Uint8Array;
  readonly conversationKey: Uint8Array;
  readonly signer: SigningKeyPair;

  constructor(name: string, { handle = name, contact = `${name}@unit.example` } = {}) {
    this.signer = signingKeyPair(invented(`${name} signer`, 32));
    this.handle = toId<Handle>(toHex(invented(`${handle} handle`, 16)));
    this.blind = invented(`${handle} blind`, 32);
    this.conversationKey = x25519PublicKey(invented(`${handle} conversation`, 32));
    this.admit = {
      member: toId<MemberId>(toHex(invented(`${name} member`, 16))),
      name: `Invented unit ${name}`,
      slug: name,
      mandate: "invented mandate",
      contact: { office: "Invented desk", phone: "+44 1632 960000", email: contact, hours: "" },
      signingKey: this.signer.publicKey,
    } as Admit;
  }

  get owner(): Uint8Array {
    return ownerOf({ member: this.admit.member, handle: this.handle, blind: this.blind });
  }

  get binder(): Uint8Array {
    return binderOf(this.conversationKey, this.owner);
  }

  /** What this record publishes beside the token of an identifier that its unit knows. */
  tag(kind: KindName, { federation = FEDERATION, epoch = 1 } = {}): Uint8Array {
    return tagger({ federation, epoch, binder: this.binder })(confirmKeyOf(SALT, "target", yOf(kind)));
  }

  /** What an honest broker hands on once this record's unit has stated the meeting with a record of the node. */
  disclosure(matchId: MatchId, binderOfNode: Uint8Array, by = this.signer): Extract<Disclosure, { handling: "open" }> {
    const validHash = invented("valid hash", 32);
    const met = { matchId: fromHex(matchId), ownBinder: this.binder, otherBinder: binderOfNode, validHash };
    const { secretKey } = by;
    const signature = signPayload({ type: "meeting", federation: FEDERATION, payload: meetingPayload(met), secretKey });
    const { handle, blind, conversationKey, admit } = this;
    return { handling: "open", member: admit.member, handle, blind, conversationKey, validHash, signature };
  }
}

/** A federation of these units. */
export function federationOf(...others: readonly OtherRecord[]): Federation {
  const members = new Map(others.map(({ admit }) => [admit.member, admit]));
  const signingKeys = new Map(others.map(({ admit }) => [admit.member, [admit.signingKey]]));
  return { id: FEDERATION, members, suspended: new Map(), removed: new Map(), signingKeys } as unknown as Federation;
}

export function matchesOf(node: TestNode, over: Partial<MatchesParts> & { readonly log?: Log } = {}): Matches {
  const { db, records, standings, hardened, inbox, activity } = node;
  const { log = silentLog, ...parts } = over;
  return new Matches({
    db,
    records,
    standings,
    hardened,
    inbox,
    activity,
    world: { ...systemWorld(log), clock: () => node.nowMs },
    signer: NODE_SIGNER,
    federation: () => federationOf(new OtherRecord("other")),
    terms: () => [{ epoch: 1, generation: 1, salts: new Map([["target", SALT]]) }],
    binder: binderAtNode,
    canaries: { isCanary: () => false, onMatch: () => undefined },
    onStatement: () => undefined,
    ...parts,
  });
}

type Met = Partial<Record<KindName, Uint8Array>>;

/** Publishes records of the node that hold `KINDS`, and says what the broker tells of their meetings. */
export function meetingOf(node: TestNode) {
  const identifiers = KINDS.map((kind): HardenedIdentifier => {
    const cacheKey = node.hardened.cacheKey(1, inputOf(kind));
    return { kind, class: classOf(kind), cacheKey };
  });
  const batch = {
    batchId: invented("batch", 16),
    seed: invented("seed", 32),
    generation: 1,
    inputs: KINDS.map(inputOf),
  };
  node.hardened.complete(batch, KINDS.map(yOf));
  const layout: Layout = byClass((tokenClass) => [
    null,
    ...identifiers.filter((each) => each.class === tokenClass),
    ...NOTHING[tokenClass].slice(2),
  ]);
  const published = new Map<Handle, Version>();
  const publish = (handle: Handle, epoch = 1): Version => {
    const known = published.get(handle) ?? node.publish(handle, undefined, epoch, layout);
    published.set(handle, known);
    return known;
  };
  const meeting = (handle: Handle, otherBinder: Uint8Array, tags: Met, also: Partial<Positions> = {}): Meeting => {
    const { incarnation, sequence } = publish(handle);
    const kinds = Object.keys(tags) as KindName[];
    const of = (tokenClass: TokenClass): KindName[] => kinds.filter((kind) => classOf(kind) === tokenClass);
    const positions = byClass((each) => [...of(each).map(() => 1), ...(also[each] ?? [])]);
    const otherTags = byClass((each) =>
      concat(...of(each).map((kind) => tags[kind]!), ...(also[each] ?? []).map(() => invented("padding", 8))),
    );
    return { incarnation, sequence, positions, otherTags, otherBinder };
  };
  return {
    layout,
    publish,
    meeting,
    /** All that they have in common, with the other record's own tags. */
    with: (handle: Handle, other: OtherRecord): Meeting =>
      meeting(handle, other.binder, Object.fromEntries(KINDS.map((kind) => [kind, other.tag(kind)]))),
    kindsAt: (positions: Positions): string[] => identifiersAt(layout, positions).map(({ kind }) => kind),
    classes: TOKEN_CLASSES,
  };
}

/** Units of the federation: whose record meets one of the node's, and one that has no part in it. */
export const OTHER = new OtherRecord("other");
export const STRANGER = new OtherRecord("stranger");
/** Another record of the same unit. */
const TWIN = new OtherRecord("other", { handle: "twin" });

/** A notice of the broker, carried out as the receiver does it. */
export function toldTo(node: TestNode, matches: Matches, event: NoticeEvent): MatchState {
  node.db.transaction(() => matches.apply([event]));
  return node.inbox.match(event.matchId)!;
}

/** What can stand beside the token of `OTHER`'s document without proving anything. */
export const WORTHLESS_TAGS: readonly (readonly [what: string, tag: () => Uint8Array])[] = [
  ["a token copied from the broker, which comes without its tag", () => invented("any tag", 8)],
  ["the tag of another record that knows", () => STRANGER.tag("person.document")],
  ["the tag of another epoch", () => OTHER.tag("person.document", { epoch: 2 })],
  ["the tag of another federation", () => OTHER.tag("person.document", { federation: invented("elsewhere", 16) })],
  ["the tag of another token", () => OTHER.tag("person.pair-skeleton-year.rare-rare")],
  ["half a tag", () => OTHER.tag("person.document").subarray(0, 4)],
];

type KnownMeeting = { readonly matchId: MatchId; readonly handle: Handle; readonly ownSignature: Uint8Array };

const honest = ({ matchId, handle }: KnownMeeting): ReturnType<OtherRecord["disclosure"]> =>
  OTHER.disclosure(matchId, binderAtNode(handle));

/** What a broker can say of the other side of a meeting with `OTHER` that is not true. */
export const UNTRUE_DISCLOSURES: readonly (readonly [what: string, disclosure: (of: KnownMeeting) => Disclosure])[] = [
  ["an invented unit", (of) => new OtherRecord("invented").disclosure(of.matchId, binderAtNode(of.handle))],
  ["another member that signs for it", (of) => STRANGER.disclosure(of.matchId, binderAtNode(of.handle))],
  [
    "the true record, signed by another member",
    (of) => OTHER.disclosure(of.matchId, binderAtNode(of.handle), STRANGER.signer),
  ],
  ["another member's name on the true record", (of) => ({ ...honest(of), member: STRANGER.admit.member })],
  [
    "another member's name and signature on the true record",
    (of) => ({
      ...honest(of),
      member: STRANGER.admit.member,
      signature: STRANGER.disclosure(of.matchId, binderAtNode(of.handle)).signature,
    }),
  ],
  ["another record of the same member", (of) => TWIN.disclosure(of.matchId, binderAtNode(of.handle))],
  ["another handle", (of) => ({ ...honest(of), handle: TWIN.handle })],
  ["another conversation key, to listen in", (of) => ({ ...honest(of), conversationKey: STRANGER.conversationKey })],
  ["another blind", (of) => ({ ...honest(of), blind: TWIN.blind })],
  ["other tokens than were signed", (of) => ({ ...honest(of), validHash: invented("other tokens", 32) })],
  ["a signature by nobody", (of) => ({ ...honest(of), signature: new Uint8Array(64) })],
  [
    "a statement on another match",
    (of) => ({
      ...honest(of),
      signature: OTHER.disclosure(toId<MatchId>("00".repeat(16)), binderAtNode(of.handle)).signature,
    }),
  ],
  [
    "a statement on another record of this unit",
    (of) => ({ ...honest(of), signature: OTHER.disclosure(of.matchId, binderAtNode(OTHER.handle)).signature }),
  ],
  ["this node's own statement sent back", (of) => ({ ...honest(of), signature: of.ownSignature })],
  [
    "a brokered owner that is another's",
    () => ({ handling: "brokered", conversationKey: OTHER.conversationKey, owner: STRANGER.owner }),
  ],
  [
    "a brokered conversation key that is another's",
    () => ({ handling: "brokered", conversationKey: STRANGER.conversationKey, owner: OTHER.owner }),
  ],
];
