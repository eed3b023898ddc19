/** Opens the database that the arguments name, and dies the moment before an upgrade would be on disk. */
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../shared/store/database.ts";
import { nextOf } from "./files.ts";
import { openingOf } from "./kinds.ts";

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  if (sql === "COMMIT") process.kill(process.pid, "SIGKILL");
  exec.call(this, sql);
};

const [name = "", path = ""] = process.argv.slice(2);
const { kind, owner } = openingOf(name);
new Database(path, { ...kind, ...nextOf(name) }, owner)[Symbol.dispose]();
