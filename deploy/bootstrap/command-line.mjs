// `causeway …`: from nothing to the command line by the shortest way. Whoever types a command waits for it each time, so what set-up would
// look for at length is only glanced at here.
import { existsSync } from "node:fs";
import * as module from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { whyInstall } from "./dependencies.mjs";
import { isUsable, nodePath } from "./node-runtime.mjs";
import { handOver } from "./processes.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Runs the command line with `args`, in the user's folder, so that file names mean what they say; sets the exit code. */
export async function runCommandLine(args) {
  const way = wayFor(args, { isSetUp: isSetUp(ROOT), version: process.versions.node });
  if (way === "here") await runHere();
  else process.exitCode = way === "under Node 24" ? await runUnder(nodePath(ROOT), args) : await setUpAndRun(args);
}

/** Which way the command line is started. The demonstration alone needs nats-server, which only set-up finds. */
function wayFor([command], { isSetUp, version }) {
  if (!isSetUp || command === "demo") return "set-up";
  return isUsable(version) ? "here" : "under Node 24";
}

function isSetUp(root) {
  return existsSync(nodePath(root)) && existsSync(join(root, "node_modules")) && whyInstall(root) === "";
}

/** In this very process, with the compiled code of the last time. TypeScript is kept there as JavaScript. */
async function runHere() {
  module.enableCompileCache?.(join(ROOT, ".causeway", "compile-cache"));
  await import("../cli.ts");
}

async function runUnder(node, args) {
  try {
    return await handOver(node, [join(ROOT, "deploy", "causeway.mjs"), ...args], { cwd: process.cwd() });
  } catch {
    // It does not start: a download that broke off, or of another machine.
    return await setUpAndRun(args);
  }
}

async function setUpAndRun(args) {
  const { runUnderSetUp } = await import("./main.mjs");
  return await runUnderSetUp("deploy/cli.ts", args);
}
