/** Opens the database that the arguments name, and dies the moment before its first upgrade would be on disk. */
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../shared/store/database.ts";
import { openingOf } from "./kinds.ts";

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  if (sql === "COMMIT") process.kill(process.pid, "SIGKILL");
  exec.call(this, sql);
};

const [name = "", path = ""] = process.argv.slice(2);
const { kind, owner } = openingOf(name);
new Database(path, kind, owner)[Symbol.dispose]();
