// Set-up, then the task under Node 24. Idempotent: when nothing is missing this costs two `--version` calls.
import { mkdirSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installDependencies, whyInstall } from "./dependencies.mjs";
import { withLock } from "./lock.mjs";
import { findNatsServer, installNatsServer } from "./nats-server.mjs";
import { hasNode, installNode, nodePath } from "./node-runtime.mjs";
import { handOver, stopCaptured } from "./processes.mjs";
import { SetupError, explainFileError, say, seconds } from "./report.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** What each task runs under Node 24, from the checkout's root. */
export const TASKS = {
  demo: "deploy/demo/main.ts",
  build: "deploy/build/main.ts",
  install: "deploy/install/main.ts",
  test: "tests/tools/run-tests.ts",
  long: "tests/long/main.ts",
  coverage: "tests/tools/coverage.ts",
  verify: "tests/tools/verify.ts",
  bench: "tests/bench/main.ts",
  eval: "tests/eval/main.ts",
  drill: "tests/drills/main.ts",
};

/** `node deploy/bootstrap.mjs <task> …`; returns the exit code. */
export async function runTask([task = "", ...args]) {
  const script = Object.hasOwn(TASKS, task) ? TASKS[task] : undefined;
  if (script) return run(script, args, { cwd: ROOT, quiet: false });
  console.error(`usage: node deploy/bootstrap.mjs ${Object.keys(TASKS).join("|")} [arguments]`);
  return 2;
}

/** Runs `script` in the user's folder, and says nothing of a set-up that has nothing to do. */
export function runUnderSetUp(script, args) {
  return run(script, args, { cwd: process.cwd(), quiet: true });
}

async function run(script, args, { cwd, quiet }) {
  try {
    const started = performance.now();
    const nats = await setUp(ROOT);
    if (!quiet) say(`ready in ${seconds(started)}: Node at node_modules/.bin/node, nats-server ${nats.version}`);
    return await handOver(nodePath(ROOT), [join(ROOT, script), ...args], {
      cwd,
      env: taskEnvironment(ROOT, nats.path),
    });
  } catch (error) {
    const explained = explainFileError(error, ROOT);
    if (!(explained instanceof SetupError)) throw error;
    console.error(`causeway: ${explained.message}${explained.hint ? `\n  ${explained.hint}` : ""}`);
    return 1;
  }
}

/** Makes the checkout at `root` ready; returns `{ path, version }` of its nats-server. */
async function setUp(root) {
  refuseWindows(process.platform);
  const found = await whatIsThere(root);
  if (found.complete) return found.nats;
  mkdirSync(join(root, ".causeway"), { recursive: true });
  const release = stopOnSignal();
  try {
    // Looked at again inside the lock: another set-up may have done the work while this one waited.
    return await withLock(join(root, ".causeway", "bootstrap.lock"), async () => {
      const reason = whyInstall(root);
      if (reason) await installDependencies(root, reason);
      if (!(await hasNode(root))) await installNode(root);
      const nats = await findNatsServer(root);
      return nats.path ? nats : await installNatsServer(root, nats.refused);
    });
  } finally {
    release();
  }
}

async function whatIsThere(root) {
  if (whyInstall(root) || !(await hasNode(root))) return { complete: false };
  const nats = await findNatsServer(root);
  return { complete: nats.path !== undefined, nats };
}

/** Our Node and tools first on the PATH, for scripts that say `node`. */
export function taskEnvironment(root, natsServer, environment = process.env) {
  const first = [join(root, "node_modules", ".bin"), join(root, ".causeway", "bin")];
  return { ...environment, PATH: [...first, environment.PATH ?? ""].join(delimiter), CAUSEWAY_NATS_SERVER: natsServer };
}

function refuseWindows(platform) {
  if (platform !== "win32") return;
  throw new SetupError("Windows is not supported directly", "Run it inside the Windows Subsystem for Linux.");
}

/** Ctrl-C during set-up ends what set-up has started and gives the lock back; the next run repairs the rest. */
function stopOnSignal() {
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}

function stop(signal) {
  stopCaptured();
  say(`interrupted (${signal}); run the same command again to finish`);
  process.exit(signal === "SIGINT" ? 130 : 143);
}
