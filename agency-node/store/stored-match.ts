/** What the node knows of a match, as it keeps it. */
import { z } from "zod";
import { CLOSE_REASONS, HANDLINGS } from "../../shared/core/data-plane.ts";
import type { Contact, Counterpart, Meeting } from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MatchId } from "../../shared/core/ids.ts";
import { storedBytes, storedId } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { Grading } from "../core/grade.ts";
import type { MatchState } from "../core/match.ts";

const text = z.string();
const positions = z.array(z.number());

const meeting = z.object({
  incarnation: storedId<Incarnation>(),
  sequence: z.number(),
  positions: z.object({ single: positions, dateLevel: positions, yearLevel: positions }),
} satisfies Shape<Meeting>);

const grading = z.object({
  grade: z.enum(["strong", "probable", "possible", "none"]),
  kind: z.enum(["identity", "association"]),
  score: z.number(),
  reasons: z.array(text),
  unmet: z.array(text).exactOptional(),
} satisfies Shape<Grading>);

const proof = z.object({
  meeting,
  ownNonce: storedBytes,
  theirNonce: storedBytes.exactOptional(),
  verdict: z.boolean().exactOptional(),
} satisfies Shape<NonNullable<MatchState["proof"]>>);

const counterpart = z.object({
  handling: z.enum(HANDLINGS),
  mandate: text.exactOptional(),
  name: text.exactOptional(),
  slug: text.exactOptional(),
  contact: z.object({ office: text, phone: text, email: text, hours: text } satisfies Shape<Contact>).exactOptional(),
} satisfies Shape<Counterpart>);

/** The first of all nodes did not write down the domain of a match. */
const FIRST_DOMAIN = { domain: "target" };

export const STORED_MATCH: StoredJson<MatchState> = {
  what: "match",
  version: 1,
  schema: z.object({
    matchId: storedId<MatchId>(),
    handle: storedId<Handle>(),
    side: z.literal([0, 1]),
    domain: z.enum(DOMAINS),
    status: z.enum(["dropped", "open", "proven", "unproven", "closed"]),
    grading,
    amendment: z.number(),
    openedAtMs: z.number(),
    updatedAtMs: z.number(),
    proof: proof.exactOptional(),
    proofFailed: z.literal(true).exactOptional(),
    counterpart: counterpart.exactOptional(),
    closeReason: z.enum(CLOSE_REASONS).exactOptional(),
  } satisfies Shape<MatchState>),
  upgrades: { 0: (value) => ({ ...FIRST_DOMAIN, ...(value as object) }) },
};
