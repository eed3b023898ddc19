/**
 * A site as it runs: the program's pages and rules, with the kit's accounts, sessions, guards and server around them. It holds no key of the
 * federation: whoever takes it over learns what its people read, and can do in their names what its acts can do.
 */
import { getRequestListener } from "@hono/node-server";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileFault } from "../platform/file-faults.ts";
import { CausewayError } from "../core/errors.ts";
import { readSecretText } from "../party/key-files.ts";
import type { Log } from "../world/log.ts";
import type { World } from "../world/world.ts";
import { siteApp } from "./app.ts";
import { Assets } from "./assets.ts";
import type { SiteConfig } from "./config.ts";
import { Live } from "./live.ts";
import { listen } from "./server.ts";
import type { SiteTls } from "./server.ts";
import { Codes } from "./session/codes.ts";
import type { IssuedCode } from "./session/codes.ts";
import { SessionCookie } from "./session/cookie.ts";
import { Passkeys } from "./session/passkeys.ts";
import { People } from "./session/people.ts";
import { Sessions } from "./session/sessions.ts";
import type { Site } from "./site.ts";
import type { SecondCopy } from "../store/second-copy.ts";
import { Accounts } from "./store/accounts.ts";
import type { Identity } from "./store/accounts.ts";
import { siteEvents } from "./events.ts";

export type SiteOptions = {
  readonly site: Site;
  readonly config: SiteConfig;
  /** Where relative paths of the configuration begin: the program's directory. */
  readonly dir: string;
  /** The site's own SQLite file, in a directory that is the program's alone. */
  readonly databasePath: string;
  readonly secondCopy?: SecondCopy;
  /** The federation whose file it is. */
  readonly federation: Uint8Array;
  readonly world: Pick<World, "clock" | "after" | "randomBytes" | "log">;
};

export type RunningSite = AsyncDisposable & {
  readonly port: number;
  /** Where browsers find it, such as `https://console.example`. */
  readonly origin: string;
  /**
   * A one-time code; the one before it ends. Throws FORBIDDEN for somebody who is not in good standing. The caller makes sure that whoever
   * asks may have it: it is the way in.
   */
  issueCode(identity: Identity): IssuedCode;
};

/** Throws ENVIRONMENT if it cannot listen, or a file cannot be read or is in use. */
export async function startSite(options: SiteOptions): Promise<RunningSite> {
  const { site, config, world } = options;
  const { noun } = site;
  const log = logOf(site, world.log);
  const assets = new Assets();
  const tls = readSiteTls(options);
  await using resources = new AsyncDisposableStack();
  const accounts = resources.use(new Accounts(options.databasePath, noun, options.federation, options.secondCopy));
  const server = resources.use(await listen(config.listen, { noun, tls }));
  const stop = new AbortController();
  resources.defer(() => stop.abort());
  const origin = config.origin ?? `${tls === undefined ? "http" : "https"}://localhost:${server.port}`;
  const people = new People(accounts, site, world);
  const sessions = new Sessions({ accounts, people, noun, world });
  const codes = new Codes(accounts, noun, world);
  resources.defer(site.onChange(() => sessions.sweep()));
  const app = siteApp({
    site,
    origin,
    assets,
    accounts,
    people,
    sessions,
    codes,
    clock: world.clock,
    timers: world,
    log,
    passkeys: new Passkeys({ accounts, product: site.product, origin, world }),
    cookie: new SessionCookie(site.cookie, origin),
    prove: server.prove,
    live: new Live({ site, sessions, world, log, stop: stop.signal }),
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.handle((incoming, outgoing) => void listener(incoming, outgoing));
  siteEvents.ready(log, { port: server.port });
  const owned = resources.move();
  return {
    port: server.port,
    origin,
    issueCode: (identity) => {
      const issued = codes.issue(people.ensure(identity).user);
      siteEvents.codeIssued(log, { role: identity.role });
      return issued;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The program's log, with the site's word before each event. */
function logOf({ noun }: Pick<Site, "noun">, log: Log): Log {
  return {
    info: (event, fields) => log.info(`${noun}.${event}`, fields),
    warn: (event, fields) => log.warn(`${noun}.${event}`, fields),
    error: (event, cause, fields) => log.error(`${noun}.${event}`, cause, fields),
    with: (fields) => logOf({ noun }, log.with(fields)),
    counts: () => log.counts(),
  };
}

function readSiteTls({ config, dir }: SiteOptions): SiteTls | undefined {
  const { certificate, key } = config;
  if (certificate === undefined || key === undefined) return undefined;
  const path = resolve(dir, certificate);
  try {
    return { certificatePem: readFileSync(path, "utf8"), privateKeyPem: readSecretText(resolve(dir, key)) };
  } catch (error) {
    if (error instanceof CausewayError) throw error;
    throw fileFault(path, "cannot be read", error);
  }
}
