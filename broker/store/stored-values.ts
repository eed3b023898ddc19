/** What the ledger keeps as JSON. */
import { z } from "zod";
import { CLOSE_REASONS, REJECTION_REASONS } from "../../shared/core/data-plane.ts";
import type { Meeting, Receipt } from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { storedId } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { MatchEvent, Party } from "../core/match.ts";

type Event<Type extends MatchEvent["type"]> = Extract<MatchEvent, { type: Type }>;

const number = z.number();
const positions = z.array(number);

const meeting = z.object({
  incarnation: storedId<Incarnation>(),
  sequence: number,
  positions: z.object({ single: positions, dateLevel: positions, yearLevel: positions }),
} satisfies Shape<Meeting>);

const party = z.object({ member: storedId<MemberId>(), handle: storedId<Handle>() } satisfies Shape<Party>);

const told = {
  matchId: storedId<MatchId>(),
  domain: z.enum(DOMAINS),
  parties: z.tuple([party, party]),
  meetings: z.tuple([meeting, meeting]),
  epoch: number,
};

export const STORED_EVENT: StoredJson<MatchEvent> = {
  what: "event of a match",
  version: 1,
  schema: z.discriminatedUnion("type", [
    z.object({ type: z.literal("opened"), ...told } satisfies Shape<Event<"opened">>),
    z.object({ type: z.literal("amended"), amendment: number, ...told } satisfies Shape<Event<"amended">>),
    z.object({
      type: z.literal("closed"),
      matchId: told.matchId,
      amendment: number,
      reason: z.enum(CLOSE_REASONS),
    } satisfies Shape<Event<"closed">>),
  ]),
};

export const STORED_REJECTIONS: StoredJson<Receipt["rejections"]> = {
  what: "list of rejections",
  version: 1,
  schema: z.array(z.object({ index: number, reason: z.enum(REJECTION_REASONS) })),
};

/** Hours since 1970, and the tokens that were charged in each. */
export const STORED_HOURS: StoredJson<readonly (readonly [number, number])[]> = {
  what: "account",
  version: 1,
  schema: z.array(z.tuple([number, number])),
};
