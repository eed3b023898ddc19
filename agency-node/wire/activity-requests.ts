/** What the unit's people ask of `ActivityService`. Throws INVALID with the paths of everything that is bad. */
import { z } from "zod";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MatchId } from "../../shared/core/ids.ts";
import { requestParser, safeInteger } from "../../shared/wire/checks.ts";
import { VERBS } from "../store/activity.ts";
import type { ActivityFilter } from "../store/activity.ts";
import type { ListActivityRequest } from "./gen/causeway/node/v1/activity.ts";
import { ownText } from "./own-text.ts";

/** `isExport`: what is read leaves the node, which needs a reason. */
export type Reading = { readonly filter: ActivityFilter; readonly reason: string; readonly isExport: boolean };

const read = requestParser("reading of the log", {
  sinceMs: safeInteger(),
  untilMs: safeInteger(),
  verb: z.enum(["", ...VERBS]),
  reference: ownText,
  matchId: z.string().regex(/^(?:[0-9a-f]{32})?$/),
  reason: ownText,
  export: z.boolean(),
});

/** What is empty or 0 filters nothing. */
export function parseListActivityRequest(request: ListActivityRequest): Reading {
  const { sinceMs, untilMs, verb, reference, matchId, reason, export: isExport } = read(request);
  if (isExport && reason.trim() === "") {
    throw new CausewayError("INVALID", "an export needs a reason", { fields: ["reason"] });
  }
  const filter: ActivityFilter = {
    ...(sinceMs !== 0 && { sinceMs }),
    ...(untilMs !== 0 && { untilMs }),
    ...(verb !== "" && { verb }),
    ...(reference !== "" && { reference }),
    ...(matchId !== "" && { matchId: matchId as MatchId }),
  };
  return { filter, reason, isExport };
}
