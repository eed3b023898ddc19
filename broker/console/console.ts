/**
 * The administrators' web console, as one part of the broker's process. It shows what the broker knows, and holds no key of the
 * federation: whoever takes it over learns what administrators read, can show them something false and acknowledge alarms, and
 * can decide nothing. That is why every page names the command that does what it describes, and the command shows it again.
 */
import { getRequestListener } from "@hono/node-server";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { readSecretText } from "../../shared/party/key-files.ts";
import type { Log } from "../../shared/world/log.ts";
import type { ConsoleConfig } from "../config.ts";
import { consoleApp } from "./app.ts";
import { Assets } from "./assets.ts";
import type { ConsoleData } from "./console-data.ts";
import { Live } from "./live.ts";
import { listen } from "./server.ts";
import type { ConsoleTls } from "./server.ts";
import { Codes } from "./session/codes.ts";
import type { IssuedCode } from "./session/codes.ts";
import { SessionCookie } from "./session/cookie.ts";
import { Passkeys } from "./session/passkeys.ts";
import { People } from "./session/people.ts";
import type { ConsoleUser } from "./session/people.ts";
import { Sessions } from "./session/sessions.ts";
import { Accounts } from "./store/accounts.ts";

export type ConsoleOptions = {
  readonly config: ConsoleConfig;
  /** Where relative paths of the configuration begin: the broker's directory. */
  readonly dir: string;
  readonly data: ConsoleData;
  /** The console's own SQLite file, in a directory that is the broker's alone. */
  readonly databasePath: string;
  readonly clock: Clock;
  readonly log: Log;
};

export type Console = AsyncDisposable & {
  readonly port: number;
  /** Where browsers find it, such as `https://console.example`. */
  readonly origin: string;
  /**
   * A one-time code for a seat of the board or an auditor; the one before it ends. Throws FORBIDDEN for a key that has no seat,
   * INVALID for an auditor's name of a bad form. The caller makes sure that the asker is that administrator, or one at all.
   */
  issueCode(user: ConsoleUser): IssuedCode & { readonly consoleUrl: string };
};

/** Throws ENVIRONMENT if it cannot listen, or a file cannot be read or is in use. */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { config, data, clock, log } = options;
  const assets = new Assets();
  const tls = readConsoleTls(options);
  await using resources = new AsyncDisposableStack();
  const accounts = resources.use(new Accounts(options.databasePath, data.chain().federation.id));
  const server = resources.use(await listen(config.listen, tls));
  const stop = new AbortController();
  resources.defer(() => stop.abort());
  const origin = config.origin ?? `${tls === undefined ? "http" : "https"}://localhost:${server.port}`;
  const people = new People(accounts, () => data.chain().federation);
  const sessions = new Sessions(accounts, people, clock);
  const codes = new Codes(accounts, clock);
  resources.defer(data.onChange(() => sessions.sweep()));
  const app = consoleApp({
    origin,
    data,
    assets,
    accounts,
    people,
    sessions,
    codes,
    clock,
    log,
    passkeys: new Passkeys(accounts, clock, origin),
    cookie: new SessionCookie(origin),
    live: new Live({ data, sessions, clock, log, stop: stop.signal }),
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.handle((incoming, outgoing) => void listener(incoming, outgoing));
  log.info("console.ready", { port: server.port });
  const owned = resources.move();
  return {
    port: server.port,
    origin,
    issueCode: (user) => {
      const issued = codes.issue(people.ensure(user).user);
      log.info("console.codeIssued", { role: user.role });
      return { ...issued, consoleUrl: origin };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function readConsoleTls({ config, dir }: ConsoleOptions): ConsoleTls | undefined {
  const { certificate, key } = config;
  if (certificate === undefined || key === undefined) return undefined;
  const path = resolve(dir, certificate);
  try {
    return { certificatePem: readFileSync(path, "utf8"), privateKeyPem: readSecretText(resolve(dir, key)) };
  } catch (error) {
    if (error instanceof CausewayError) throw error;
    throw new CausewayError("ENVIRONMENT", `${path} is missing or cannot be read`, { cause: error });
  }
}
