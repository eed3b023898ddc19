#!/usr/bin/env node
// From a fresh clone to a running task: `node deploy/bootstrap.mjs <task> [arguments]`. `npm start`, `npm test` and the
// other scripts in package.json are this with a task name. Plain JavaScript without dependencies, because it is what
// installs them, and it may be started by an older Node than the one the project runs on.
import { complaintAboutNode } from "./bootstrap/old-node.mjs";

const complaint = complaintAboutNode(process.versions.node);
if (complaint) {
  console.error(complaint);
  process.exitCode = 1;
} else {
  // Loaded only now: an old Node could not parse it, and would say so less clearly.
  const { runTask } = await import("./bootstrap/main.mjs");
  process.exitCode = await runTask(process.argv.slice(2));
}
