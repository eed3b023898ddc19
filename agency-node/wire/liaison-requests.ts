/** What the unit's people and programs ask of `LiaisonService`. All throw INVALID with the paths of everything that is bad. */
import { z } from "zod";
import { requestParser } from "../../shared/wire/checks.ts";
import type { Parse } from "../../shared/wire/checks.ts";
import { ownText } from "./own-text.ts";
import type { ListMatchesRequest, WatchMatchesRequest } from "./gen/causeway/node/v1/liaison.ts";

/** `all`: closed ones too. */
export const parseListMatchesRequest: Parse<ListMatchesRequest, { readonly all: boolean; readonly reason: string }> =
  requestParser("list of matches", { all: z.boolean(), reason: ownText });

export const parseWatchMatchesRequest: Parse<WatchMatchesRequest, { readonly reason: string }> = requestParser(
  "matches to watch",
  { reason: ownText },
);
