/** What the ledger keeps as JSON. */
import { z } from "zod";
import { CLOSE_REASONS, REJECTION_REASONS, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Receipt } from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import { storedBytes, storedId } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { MatchEvent, MetToken, Party } from "../core/match.ts";

type Event<Type extends MatchEvent["type"]> = Extract<MatchEvent, { type: Type }>;

const number = z.number();

const party = z.object({ member: storedId<MemberId>(), handle: storedId<Handle>() } satisfies Shape<Party>);

const told = {
  matchId: storedId<MatchId>(),
  domain: z.enum(DOMAINS),
  parties: z.tuple([party, party]),
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

/** What met in a meeting that both sides have yet to state on. */
export const STORED_MET: StoredJson<readonly MetToken[]> = {
  what: "meeting",
  version: 1,
  schema: z.array(
    z.object({
      tokenClass: z.enum(TOKEN_CLASSES),
      token: storedBytes,
      positions: z.tuple([number, number]),
    } satisfies Shape<MetToken>),
  ),
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
