/**
 * The node's file of the present version, with the values of the one before: `node tests/compat/next-node.ts > tests/compat/databases/node-6.sql`.
 * What an upgrade leaves in its old form until it is used is written anew through the program's stores.
 */
import { rmSync } from "node:fs";
import { readKept } from "../../agency-node/store/outbox.ts";
import type { KeptBody } from "../../agency-node/store/outbox.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { toId } from "../../shared/core/ids.ts";
import { TestNode } from "../node/support.ts";
import { dump } from "./dump.ts";
import { makeFile } from "./files.ts";
import { DATABASE_KEY, inFull } from "./values.ts";

using node = new TestNode();
node.db[Symbol.dispose]();
rmSync(node.path);
makeFile("node-5", node.path);
node.open(DATABASE_KEY);
writeOutboxAnew();
node.db[Symbol.dispose]();
process.stdout.write(dump(node.path));

function writeOutboxAnew(): void {
  const rows = node.db.all<KeptBody & { readonly handles: string }>("SELECT * FROM outbox ORDER BY position");
  node.db.run("DELETE FROM outbox");
  for (const row of rows) {
    const handles = row.handles === "" ? [] : row.handles.split(" ").map((handle) => toId<Handle>(handle));
    node.outbox.append(inFull(readKept(row, node.vault)), handles);
  }
}
