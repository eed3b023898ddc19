// npm dependencies, exactly as package-lock.json has them. No dependency runs code of its own at installation: the only
// install script that does something for us fetches a Node binary without a checksum, and `node-runtime.mjs` does that
// with one.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { capture } from "./processes.mjs";
import { SetupError, step } from "./report.mjs";

/** Why dependencies have to be installed at `root`, or "" when they are there. */
export function whyInstall(root) {
  const lock = readLock(root);
  if (!existsSync(join(root, "node_modules"))) return "first time";
  if (existsSync(marker(root))) return "an earlier installation was interrupted";
  if (readText(stamp(root)) === hash(lock)) return "";
  // A developer's own `npm install` leaves no stamp of ours, but npm's record of what it has installed.
  if (installedMatches(lock, readText(join(root, "node_modules", ".package-lock.json")))) {
    writeFileSync(stamp(root), hash(lock));
    return "";
  }
  return "package-lock.json has changed";
}

/** Installs what package-lock.json says. The marker outlives an interruption, the stamp does not. */
export async function installDependencies(root, reason) {
  writeFileSync(marker(root), "");
  await step(`dependencies with npm ci (${reason})`, async () => {
    const [command, ...prefix] = npmCommand(process.env, process.execPath);
    const result = await capture(command, [...prefix, ...CI_ARGUMENTS, "--prefix", root], { cwd: root });
    if (result.code !== 0) throw explainNpmFailure(result);
  });
  writeFileSync(stamp(root), hash(readLock(root)));
  rmSync(marker(root));
}

const CI_ARGUMENTS = [
  "ci",
  "--ignore-scripts",
  // The tools are devDependencies and the platform's binaries optional ones, whatever NODE_ENV or a user's settings say.
  "--include=dev",
  "--include=optional",
  // The older Node that starts all this is not the one that runs it.
  "--no-engine-strict",
  // Packages are checked against the lock file, so a cached one is as good. (Binaries for some platforms stand there without a
  // checksum, see tests/tools/complete-lock.ts.)
  "--prefer-offline",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/** The npm that started us, else the one on the PATH. Other package managers set the same variable to themselves. */
export function npmCommand(environment, node) {
  const started = environment.npm_execpath;
  return started && basename(started) === "npm-cli.js" ? [node, started] : ["npm"];
}

const NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT/;

/** npm's failure as something to act on. */
export function explainNpmFailure({ code, stderr, stdout = "" }) {
  const text = `${stderr}\n${stdout}`;
  if (code === 127) return new SetupError("npm was not found", "Install npm (it comes with Node) and try again.");
  if (NETWORK.test(text)) {
    return new SetupError(
      "npm could not reach its registry",
      "Check the network, the proxy and `npm config get registry`, then run the same command again.",
    );
  }
  if (/EINTEGRITY/.test(text)) {
    return new SetupError(
      "a downloaded package does not have the checksum that package-lock.json pins",
      "Run `npm cache verify` and try again. If it stays, do not install it: somebody may have changed the package.",
    );
  }
  if (/can only install packages when|are in sync/.test(text)) {
    return new SetupError(
      "package.json and package-lock.json disagree",
      "Run `npm install`, then `npm run lock:complete`, and commit both files.",
    );
  }
  if (/EROFS|EACCES|EPERM/.test(text)) {
    return new SetupError("npm may not write in this checkout", "Clone to a folder that you may write to.");
  }
  if (/ENOSPC/.test(text)) return new SetupError("the disk is full", "Dependencies need about 500 MB.");
  return new SetupError(`npm failed with code ${code}`, lastLines(text, 15));
}

/** Whether npm's own record (`node_modules/.package-lock.json`) holds every package of the lock file that fits here. */
export function installedMatches(lockText, installedText) {
  try {
    const installed = JSON.parse(installedText).packages;
    return Object.entries(JSON.parse(lockText).packages).every(([path, wanted]) => {
      if (path === "" || (installed[path] === undefined && wanted.optional)) return true;
      return installed[path]?.version === wanted.version;
    });
  } catch {
    return false;
  }
}

function readLock(root) {
  const text = readText(join(root, "package-lock.json"));
  if (text) return text;
  throw new SetupError(
    "package-lock.json is missing",
    "It pins every dependency with its checksum. Restore it: git checkout -- package-lock.json",
  );
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return "";
    throw error;
  }
}

function lastLines(text, count) {
  return text.trim().split("\n").slice(-count).join("\n  ");
}

const hash = (text) => createHash("sha256").update(text).digest("hex");
const stamp = (root) => join(root, "node_modules", ".causeway-installed");
const marker = (root) => join(root, ".causeway", "installing");
