/** What the node knows of a match, as it keeps it. */
import { z } from "zod";
import { CLOSE_REASONS } from "../../shared/core/data-plane.ts";
import type { Disclosure, Meeting, TagSet } from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { storedBytes, storedId } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { Counterpart } from "../core/counterpart.ts";
import type { Grading } from "../core/grade.ts";
import type { MatchState, Statement, Unread } from "../core/match.ts";
import { storedPositions } from "./stored-submission.ts";

const text = z.string();

const grading = z.object({
  grade: z.enum(["strong", "probable", "possible", "none"]),
  kind: z.enum(["identity", "association"]),
  score: z.number(),
  reasons: z.array(text),
  unmet: z.array(text).exactOptional(),
} satisfies Shape<Grading>);

const statement = z.object({
  amendment: z.number(),
  failed: storedPositions,
  signature: storedBytes.exactOptional(),
} satisfies Shape<Statement>);

const tags = z.object({ single: storedBytes, opening: storedBytes, support: storedBytes } satisfies Shape<TagSet>);

const meeting = z.object({
  incarnation: storedId<Incarnation>(),
  sequence: z.number(),
  positions: storedPositions,
  otherTags: tags,
  otherBinder: storedBytes,
} satisfies Shape<Meeting>);

type Open<Kind extends { readonly handling: string }> = Extract<Kind, { readonly handling: "open" }>;
type Brokered<Kind extends { readonly handling: string }> = Extract<Kind, { readonly handling: "brokered" }>;

const disclosure = z.discriminatedUnion("handling", [
  z.object({
    handling: z.literal("open"),
    member: storedId<MemberId>(),
    handle: storedId<Handle>(),
    blind: storedBytes,
    conversationKey: storedBytes,
    validHash: storedBytes,
    signature: storedBytes,
  } satisfies Shape<Open<Disclosure>>),
  z.object({
    handling: z.literal("brokered"),
    conversationKey: storedBytes,
    owner: storedBytes,
    mandate: text.exactOptional(),
  } satisfies Shape<Brokered<Disclosure>>),
]);

const counterpart = z.discriminatedUnion("handling", [
  z.object({
    handling: z.literal("open"),
    member: storedId<MemberId>(),
    handle: storedId<Handle>(),
  } satisfies Shape<Open<Counterpart>>),
  z.object({ handling: z.literal("brokered"), mandate: text.exactOptional() } satisfies Shape<Brokered<Counterpart>>),
]);

export const STORED_MATCH: StoredJson<MatchState> = {
  what: "match",
  version: 3,
  schema: z.object({
    matchId: storedId<MatchId>(),
    handle: storedId<Handle>(),
    side: z.literal([0, 1]),
    domain: z.enum(DOMAINS),
    status: z.enum(["open", "proven", "unproven", "closed"]),
    grading,
    amendment: z.number(),
    openedAtMs: z.number(),
    updatedAtMs: z.number(),
    otherBinder: storedBytes,
    statement: statement.exactOptional(),
    failed: z.object({ own: z.boolean(), other: z.boolean() }).exactOptional(),
    overdue: z.object({ ownStated: z.boolean(), otherStated: z.boolean() }).exactOptional(),
    misnamed: disclosure.exactOptional(),
    counterpart: counterpart.exactOptional(),
    closeReason: z.enum(CLOSE_REASONS).exactOptional(),
    unread: z.object({ meeting, isShown: z.boolean() } satisfies Shape<Unread>).exactOptional(),
  } satisfies Shape<MatchState>),
};
