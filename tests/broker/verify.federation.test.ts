/** `causeway broker verify`, on the directory of a broker that keeps its databases where its settings say. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { EXIT } from "../../shared/terminal/exit.ts";
import { BrokerProcess } from "../drills/broker-process.ts";
import { LONG_MS } from "../support/patience.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";

const CLI = resolve(import.meta.dirname, "..", "..", "deploy", "cli.ts");

type Said = { readonly code: number; readonly out: string; readonly json: () => Reported };
type Reported = {
  readonly databases: readonly { readonly database: string; readonly path: string; readonly state: string }[];
  readonly isStreamWhole: boolean;
  readonly activeSinceMs?: number;
};

/** Does not block: the broker and its clients may have to answer meanwhile. */
async function verify(dir: string, ...options: string[]): Promise<Said> {
  const child = spawn(process.execPath, [CLI, "broker", "verify", "--dir", dir, ...options], { stdio: "pipe" });
  const exit = once(child, "exit");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exit) as [number];
  return { code, out: out + err, json: () => JSON.parse(out) as Reported };
}

const states = (said: Said): Record<string, string> =>
  Object.fromEntries(said.json().databases.map(({ database, state }) => [database, state]));

it(
  "says of a running broker, of a stopped one, and of one whose file somebody wrote to, what is so",
  { timeout: LONG_MS },
  async () => {
    await using world = await World.withoutBroker();
    const dir = world.sample.dir("broker");
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "broker.json"), JSON.stringify({ ...world.settings, dataDir: "elsewhere" }));
    await using broker = new BrokerProcess(dir);
    await broker.logged("broker.ready");
    const harbour = await world.client("harbour");
    await harbour.publishAndWait(upsert(newHandle(), tokens(["first"])));

    const running = await verify(dir, "--json");
    expect(states(running)).toMatchObject({ ledger: "inUse", board: "inUse", console: "notKept" });
    expect(running.code).toBe(EXIT.waiting);
    expect(running.json().activeSinceMs).toBeGreaterThan(0);

    await broker.stop();
    const stopped = await verify(dir, "--json");
    expect(states(stopped)).toEqual({ ledger: "agree", board: "agree", evaluator: "agree", console: "notKept" });
    expect(stopped.code).toBe(EXIT.ok);
    expect(stopped.json().activeSinceMs).toBeUndefined();
    expect((await verify(dir)).out).toContain("ledger: both copies agree");

    const path = join(dir, "elsewhere", "ledger.sqlite");
    const ledger = new DatabaseSync(path);
    ledger.exec("UPDATE submission SET applied_at_ms = applied_at_ms + 1");
    ledger.close();
    const flipped = await verify(dir);
    expect(flipped.code).toBe(EXIT.failure);
    expect(flipped.out).toContain(`${path} and the copy at NATS have the same position`);
    expect(flipped.out).toContain("board: both copies agree");
  },
);
