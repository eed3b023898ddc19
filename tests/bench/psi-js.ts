/**
 * The same job by `@openmined/psi.js`, a private set intersection in WebAssembly, as its README shows: server and client in
 * one process, messages serialised. It is fetched when the benchmark first runs, in one exact version and without
 * running its scripts, and is no dependency of anything else.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

const VERSION = "2.0.6";
const FOLDER = join(import.meta.dirname, "..", "..", ".causeway", "psi");
const MODULE = join(FOLDER, "node_modules", "@openmined", "psi.js");
const INSTALL_MS_MAX = 120_000;

/**
 * A wrong item in one of 100,000 runs: its default structure is a filter. Speed does not depend on it; less would overflow its
 * 64-bit range at 100,000 x 100,000.
 */
const FALSE_POSITIVES = 1e-5;

type Message = { serializeBinary(): Uint8Array };
type Reader = { deserializeBinary(bytes: Uint8Array): Message };
type Server = {
  createSetupMessage(falsePositives: number, clientItems: number, items: readonly string[]): Message;
  processRequest(request: Message): Message;
  delete(): void;
};
type Client = {
  createRequest(items: readonly string[]): Message;
  getIntersection(setup: Message, response: Message): number[];
  delete(): void;
};
type Library = {
  readonly server: { createWithNewKey(reveal: boolean): Server };
  readonly client: { createWithNewKey(reveal: boolean): Client };
  readonly request: Reader;
  readonly response: Reader;
  readonly serverSetup: Reader;
};

export type PsiJs = {
  /** The items of `client` that `server` has too. Only the client learns them. */
  intersect(client: readonly string[], server: readonly string[]): string[];
};

/** Loads the library, fetching it where it is missing. Throws an `Error` for people where it cannot be had. */
export async function loadPsiJs(): Promise<PsiJs> {
  if (!existsSync(MODULE)) await install();
  const require = createRequire(import.meta.url);
  const { version } = require(join(MODULE, "package.json")) as { version: string };
  if (version !== VERSION) throw new Error(`${FOLDER} holds version ${version}, not ${VERSION}: delete the folder`);
  const start = require(MODULE) as () => Promise<Library>;
  const library = await start();
  return { intersect: (client, server) => intersect(library, client, server) };
}

async function install(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const flags = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--prefix", FOLDER];
  try {
    await promisify(execFile)("npm", ["install", ...flags, `@openmined/psi.js@${VERSION}`], {
      timeout: INSTALL_MS_MAX,
    });
  } catch (error) {
    throw new Error(`npm could not install @openmined/psi.js@${VERSION}; is the registry in reach?`, { cause: error });
  }
}

function intersect(library: Library, clientItems: readonly string[], serverItems: readonly string[]): string[] {
  const server = library.server.createWithNewKey(true);
  const client = library.client.createWithNewKey(true);
  try {
    const setup = server.createSetupMessage(FALSE_POSITIVES, clientItems.length, serverItems).serializeBinary();
    const request = client.createRequest(clientItems).serializeBinary();
    const response = server.processRequest(library.request.deserializeBinary(request)).serializeBinary();
    const places = client.getIntersection(
      library.serverSetup.deserializeBinary(setup),
      library.response.deserializeBinary(response),
    );
    return places.map((place) => clientItems[place] as string);
  } catch (error) {
    // Uncaught, an error out of its one-line module would print two megabytes of source.
    throw new Error("psi.js failed", { cause: error });
  } finally {
    server.delete();
    client.delete();
  }
}
