/** What the files in `databases/` hold. All of it is invented; they were written by the programs of their time with these very values. */
import { DIGEST_BUCKETS } from "../../shared/core/digest.ts";
import type { MatchState } from "../../agency-node/core/match.ts";
import type { DeconflictionRecord } from "../../agency-node/core/record.ts";
import type { ActivityEntry } from "../../agency-node/store/activity.ts";
import type { HardeningBatch } from "../../agency-node/store/hardened.ts";
import type { MatchEvent } from "../../broker/core/match.ts";
import type { SubmissionBody } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";

const filled = (count: number, value: number): Uint8Array => new Uint8Array(count).fill(value);
const id = <Id extends string>(byte: string): Id => byte.repeat(16) as Id;

export const DATABASE_KEY = filled(32, 0x4b);
export const FEDERATION = filled(16, 0xfe);
export const MEMBERS = [id<MemberId>("a1"), id<MemberId>("b2")] as const;
export const INCARNATION = id<Incarnation>("c3");

/** Every field that a record can have. */
const full: DeconflictionRecord = {
  reference: "REF-1",
  subject: {
    kind: "person",
    names: [
      { text: "Arvo Quilbrand", strength: "full" },
      { text: '{"$bytes":"AAAA"}', strength: "weak" },
    ],
    firstNames: ["Arvo"],
    middleNames: ["Belko"],
    lastNames: ["Quilbrand"],
    birthDates: ["1984-03-12"],
    birthPlaces: ["Norrhaven"],
    sex: "other",
    countries: ["fr"],
    addresses: ["1 Invented Road"],
    documents: [
      { type: "passport", country: "fr", number: "X-1" },
      { type: "other", number: "X-2" },
    ],
    registrations: [{ country: "gb", number: "0001" }],
    references: [{ system: "unhcr", number: "1-2" }],
    phones: [{ text: "+44 7700 900001" }, { text: "07700 900002", country: "gb" }],
    emails: ["arvo@example.invalid"],
    handles: [{ platform: "example", id: "arvo" }],
    wallets: [{ chain: "BTC", address: "invented" }, { address: "invented too" }],
    ibans: ["GB33BUKB20201555555555"],
    plates: [{ country: "fr", number: "AA-123-AA" }, { number: "B 1" }],
    vins: ["INVENTED0VIN00001"],
    imos: ["9074729"],
    mmsis: ["123456789"],
    imeis: ["490154203237518"],
    imsis: ["001010123456789"],
  },
  role: "suspect",
  legalBasis: "Invented Act, section 1",
  caseReference: "CASE-INVENTED-1",
  handling: "open",
  reviewBy: "2027-03-31",
  sourceGrading: { source: "B", information: 2 },
};

const BARE: DeconflictionRecord = {
  reference: "REF-2",
  subject: { kind: "vehicle", plates: [] },
  role: "witness",
  legalBasis: "Invented Act, section 2",
  caseReference: "CASE-INVENTED-2",
  handling: "silent",
  reviewBy: "2027-02-28",
};

/** With the state that its row had. */
export const RECORDS: readonly {
  readonly handle: Handle;
  readonly record: DeconflictionRecord;
  readonly state: string;
}[] = [
  { handle: id("01"), record: full, state: "published" },
  { handle: id("02"), record: BARE, state: "waiting" },
  { handle: id("03"), record: { ...BARE, reference: "REF-3" }, state: "withdrawn" },
];

const match = {
  side: 0,
  amendment: 0,
  openedAtMs: 1_795_000_000_000,
  updatedAtMs: 1_795_000_100_000,
  grading: { grade: "strong", kind: "identity", score: 21.5, reasons: ["document"] },
  otherBinder: filled(32, 4),
} as const;

const places = { single: [0, 5], opening: [], support: [7] };

export const MATCHES: readonly MatchState[] = [
  {
    ...match,
    matchId: id<MatchId>("d1"),
    handle: id<Handle>("01"),
    domain: "target",
    status: "proven",
    statement: { amendment: 0, failed: places, signature: filled(64, 1) },
    counterpart: { handling: "open", member: id<MemberId>("0e"), handle: id<Handle>("0b") },
  },
  {
    ...match,
    matchId: id<MatchId>("d2"),
    handle: id<Handle>("02"),
    domain: "protected",
    status: "open",
    side: 1,
    grading: { ...match.grading, unmet: ["birthDate"] },
    overdue: { ownStated: true, otherStated: false },
  },
  {
    ...match,
    matchId: id<MatchId>("d3"),
    handle: id<Handle>("03"),
    domain: "target",
    status: "closed",
    statement: { amendment: 0, failed: places },
    failed: { own: true, other: false },
    misnamed: { handling: "brokered", conversationKey: filled(32, 6), owner: filled(32, 7), mandate: "invented" },
    closeReason: "withdrawn",
  },
];

export const BATCH: HardeningBatch = {
  batchId: filled(16, 0xba),
  seed: filled(32, 0x5e),
  generation: 1,
  inputs: [filled(40, 1), filled(3, 2)],
};

export const HARDENED = { input: filled(24, 9), y: filled(64, 0x79) };

const person = { kind: "person", known: "stated", name: "Quillon Overbeck-Test" } as const;

export const ACTIVITIES: readonly ActivityEntry[] = [
  {
    number: 1,
    atMs: 1_795_000_000_000,
    verb: "collection",
    activity: { actor: person, references: ["REF-1"], detail: "an invented file", program: "0.1.0" },
  },
  {
    number: 2,
    atMs: 1_795_000_200_000,
    verb: "erasure",
    activity: {
      actor: { kind: "program", known: "itself", name: "causeway node" },
      references: ["REF-3"],
      reason: "invented",
      program: "0.1.0",
    },
  },
];

export const NOTICE = { number: 7, hash: filled(32, 0x07) };

/** Each kind that waits for a receipt. */
export const BODIES: readonly SubmissionBody[] = [
  {
    kind: "publication",
    entries: [
      { operation: "withdraw", handle: id<Handle>("03") },
      { operation: "revalidate", handle: id<Handle>("01"), reviewByDay: 20_900 },
    ],
  },
  {
    kind: "publication",
    entries: [
      {
        operation: "upsert",
        handle: id<Handle>("02"),
        domain: "protected",
        handling: "silent",
        reviewByDay: 20_870,
        conversationKey: filled(32, 0x6b),
        tokens: { single: filled(128, 1), opening: filled(128, 2), support: filled(128, 3) },
        tags: { single: filled(64, 1), opening: filled(64, 2), support: filled(64, 3) },
        binder: filled(32, 0xb1),
        blind: filled(32, 0xb2),
      },
    ],
  },
  {
    kind: "statements",
    statements: [
      { matchId: id<MatchId>("d2"), amendment: 0, failed: places, signature: filled(64, 4) },
      { matchId: id<MatchId>("d3"), amendment: 1, failed: places },
    ],
  },
  { kind: "connected", noticeNumber: 7, noticeHash: filled(32, 7), version: "0.1.0", capabilities: [] },
  { kind: "noticeReceipt", noticeNumber: 7, noticeHash: filled(32, 7) },
  { kind: "digest", day: 20_800, buckets: [{ count: 3, sum: filled(32, 0x0d) }] },
  {
    kind: "health",
    version: "0.1.0",
    nodeTimeMs: 1_795_000_000_000,
    outboxSinceMs: 0,
    canariesUnprovenSinceMs: 0,
    directiveNumber: 4,
    directiveHash: filled(32, 5),
    epochs: [
      {
        epoch: 1,
        records: 2,
        published: 1,
        digestAgreedMs: 0,
        canariesMet: 0,
        canariesExpected: 0,
        canariesMissing: [],
        obstacle: "",
      },
    ],
    capabilities: [],
    skippedNotices: 0,
    recordsNotCompared: 0,
    clockSkewMs: 0,
    heldStrays: 0,
    contestedExpiries: 0,
  },
];

/** Of one match, from its opening to its end, as the ledger tells it. */
export const EVENTS: readonly MatchEvent[] = (["opened", "amended", "closed"] as const).map((type) => {
  const matchId = id<MatchId>("d1");
  if (type === "closed") return { type, matchId, amendment: 2, reason: "withdrawn" };
  const told = {
    matchId,
    domain: "target",
    parties: [
      { member: MEMBERS[0], handle: id<Handle>("01") },
      { member: MEMBERS[1], handle: id<Handle>("0b") },
    ],
    epoch: 1,
  } as const;
  return type === "opened" ? { type, ...told } : { type, amendment: 1, ...told };
});

/** A digest with all the buckets that it has on the wire, where a row of the outbox now stands as it is sent. */
export function inFull(body: SubmissionBody): SubmissionBody {
  if (body.kind !== "digest") return body;
  const none = { count: 0, sum: filled(32, 0) };
  return { ...body, buckets: Array.from({ length: DIGEST_BUCKETS }, (_, i) => body.buckets[i] ?? none) };
}
