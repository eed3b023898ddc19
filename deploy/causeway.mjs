#!/usr/bin/env node
// `causeway …`: sets up what is missing (silent when nothing is), then runs the command line under Node 24.
import { complaintAboutNode } from "./bootstrap/old-node.mjs";

const complaint = complaintAboutNode(process.versions.node);
if (complaint) {
  console.error(complaint);
  process.exitCode = 1;
} else {
  const { runCommandLine } = await import("./bootstrap/command-line.mjs");
  await runCommandLine(process.argv.slice(2));
}
