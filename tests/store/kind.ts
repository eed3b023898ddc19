import type { DatabaseKind } from "../../shared/store/database.ts";

/** One table, in its second version. */
export const KIND: DatabaseKind = {
  what: "the invented file",
  version: 2,
  schema: "CREATE TABLE item (name TEXT NOT NULL, weight INTEGER NOT NULL DEFAULT 0) STRICT",
  upgrades: { 1: "ALTER TABLE item ADD COLUMN weight INTEGER NOT NULL DEFAULT 0" },
  exclusive: false,
  secureDelete: false,
  busyTimeoutMs: 0,
};
