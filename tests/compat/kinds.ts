/** The databases of all programs, by the first part of the names in `databases/`. */
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { DESK } from "../../broker/board/store/board-schema.ts";
import { BUDGETS } from "../../broker/evaluator/store/budget-store.ts";
import { LEDGER } from "../../broker/store/ledger-schema.ts";
import type { DatabaseKind } from "../../shared/store/database.ts";
import { ACCOUNTS } from "../../shared/web/store/accounts.ts";
import { FEDERATION } from "./values.ts";

type Opening = { readonly kind: DatabaseKind; readonly owner?: Uint8Array };

export const KINDS: Readonly<Record<string, Opening>> = {
  node: { kind: NODE_DATABASE },
  ledger: { kind: LEDGER, owner: FEDERATION },
  board: { kind: DESK, owner: FEDERATION },
  console: { kind: { what: "the console's accounts", ...ACCOUNTS }, owner: FEDERATION },
  evaluator: { kind: BUDGETS },
};

/** Of "node-1-a" and the like. */
export function openingOf(name: string): Opening {
  const found = KINDS[name.split("-")[0] ?? ""];
  if (found === undefined) throw new Error(`no database is called ${name}`);
  return found;
}

export const versionOf = (name: string): number => Number(name.split("-")[1]);
