// A nats-server that is new enough, found or fetched. An older one is refused even if it is all there is.
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fetchFromDebian } from "./nats-debian.mjs";
import { fetchRelease } from "./nats-release.mjs";
import { OLDEST_NATS_SERVER, isNewEnough, parseVersion } from "./nats-version.mjs";
import { capture } from "./processes.mjs";
import { SetupError, step } from "./report.mjs";

/** Where our own copy lives. */
const privateNatsServer = (root) => join(root, ".causeway", "bin", "nats-server");

/** A usable nats-server without fetching anything: `{ path, version, refused }`, with a reason for each one refused. */
export async function findNatsServer(root, environment = process.env, ask = askVersion) {
  const refused = [];
  const look = async (path) => {
    const printed = await ask(path);
    const version = parseVersion(printed);
    if (isNewEnough(version)) return { path, version: version.join("."), refused };
    refused.push(
      `${path}: ${version ? `version ${version.join(".")} is older than ${OLDEST_NATS_SERVER}` : "not usable"}`,
    );
    return undefined;
  };
  const explicit = environment.CAUSEWAY_NATS_SERVER;
  if (explicit) {
    const found = await look(explicit);
    if (found) return found;
    // Somebody chose it on purpose: to use another one silently would be worse than to stop.
    throw new SetupError(`CAUSEWAY_NATS_SERVER: ${refused[0]}`, "Point it at a newer one, or unset it.");
  }
  const candidates = [...executablesOnPath("nats-server", environment.PATH ?? ""), privateNatsServer(root)];
  for (const path of new Set(candidates)) {
    const found = isExecutable(path) ? await look(path) : undefined;
    if (found) return found;
  }
  return { path: undefined, version: undefined, refused };
}

/** The places a nats-server can be fetched from, in order. Each `fetch(folder)` returns the path of a binary there. */
export const NATS_SOURCES = [
  { title: "the official release", fetch: fetchRelease },
  { title: "Debian's newer package, unpacked privately", fetch: fetchFromDebian },
];

/**
 * Fetches nats-server from the first source that works, runs it to see its version, and puts it in .causeway/bin.
 * Throws a `SetupError` that names what each source lacked.
 */
export async function installNatsServer(root, refused, sources = NATS_SOURCES, ask = askVersion) {
  const reasons = [...refused];
  for (const { title, fetch } of sources) {
    const folder = join(root, ".causeway", `nats-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    try {
      return await step(`nats-server from ${title}`, async () => {
        const binary = await fetch(folder);
        const version = parseVersion(await ask(binary));
        if (!isNewEnough(version)) {
          throw new SetupError(version ? `it is version ${version.join(".")}, too old` : "it does not run here");
        }
        return { path: keep(root, binary), version: version.join(".") };
      });
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      reasons.push(`${title}: ${error.message}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new SetupError(
    `no nats-server of version ${OLDEST_NATS_SERVER} or newer was found or could be fetched`,
    [...reasons, "Install one, put it on the PATH or in CAUSEWAY_NATS_SERVER, and run the same command again."].join(
      "\n  ",
    ),
  );
}

function keep(root, binary) {
  const target = privateNatsServer(root);
  mkdirSync(join(target, ".."), { recursive: true });
  // Renamed into place, so that an interruption never leaves half a binary under the final name.
  copyFileSync(binary, `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
  return target;
}

async function askVersion(path) {
  const { code, stdout, stderr } = await capture(path, ["--version"], { timeoutMs: 20_000 });
  return code === 0 ? stdout || stderr : "";
}

function executablesOnPath(name, path) {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).filter(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
