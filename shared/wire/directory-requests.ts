/** (broker) What is asked of `DirectoryService`. All throw INVALID with the paths of everything that is bad. */
import { z } from "zod";
import { requestParser, safeInteger } from "./checks.ts";
import type { Parse } from "./checks.ts";
import type { GetFreshnessRequest, ListDirectivesRequest } from "./gen/causeway/v1/directory.ts";

/** `fromNumber`: 0 and 1 are the whole chain. */
export const parseListDirectivesRequest: Parse<
  ListDirectivesRequest,
  { readonly fromNumber: number; readonly follow: boolean }
> = requestParser("list of directives", { fromNumber: safeInteger(), follow: z.boolean() });

export const parseGetFreshnessRequest: Parse<GetFreshnessRequest, object> = requestParser("freshness", {});
