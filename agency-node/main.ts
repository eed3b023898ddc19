/** The node's process: `node agency-node/main.ts DIRECTORY`. */
import { CausewayError } from "../shared/core/errors.ts";
import { runMain } from "../shared/platform/lifecycle.ts";
import { aborted } from "../shared/world/wait.ts";
import { readConfig } from "./config.ts";
import { createNode } from "./program.ts";

await runMain(async (signal) => {
  const dir = process.argv[2];
  if (dir === undefined) throw new CausewayError("INVALID", "give the node's directory");
  await using node = await createNode(readConfig(dir));
  await Promise.race([aborted(signal), node.running]);
});
