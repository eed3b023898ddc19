/** Imports each member's file through its node, as an officer's command line would. */
import { createReadStream } from "node:fs";
import type { ImportProblem, ImportReceipt, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { isoDay } from "../../shared/core/days.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { IMPORT_DEFAULTS, REVIEW_DAYS } from "./plan.ts";

export type Loaded = { readonly receipt: ImportReceipt; readonly refusals: readonly ImportProblem[] };

/** The receipt, and what was refused and why. `today` is a day number. */
export async function loadFile(client: NodeClient, file: string, today: number): Promise<Loaded> {
  const options = {
    ...IMPORT_DEFAULTS,
    format: "auto",
    dryRun: false,
    dateOrder: "",
    reviewBy: isoDay(today + REVIEW_DAYS),
    mapping: {},
  } as const;
  const refusals: ImportProblem[] = [];
  for await (const event of client.importRecords(options, createReadStream(file))) {
    if (event.kind === "problem" && event.error) refusals.push(event);
    if (event.kind === "receipt") return { receipt: event, refusals };
  }
  throw new CausewayError("INTERNAL", "an import ended without a receipt");
}
