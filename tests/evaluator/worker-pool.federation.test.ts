import { fork } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import type { WorkerPool } from "../../shared/platform/worker-pool.ts";
import type { EchoTask, Surroundings } from "./echo-worker.ts";

const start = (workers: number, data?: unknown): WorkerPool<EchoTask, unknown> =>
  startWorkerPool({ module: new URL("./echo-worker.ts", import.meta.url), workers, data });

const surroundings = async (pool: WorkerPool<EchoTask, unknown>): Promise<Surroundings> =>
  (await pool.run({ kind: "surroundings" })) as Surroundings;

describe("a worker pool", () => {
  it("lets lanes take turns: a short job does not wait for another's long list", async () => {
    await using pool = start(1);
    const done: string[] = [];
    const note = (what: string) => () => void done.push(what);
    const long = Array.from({ length: 10 }, (_, i) =>
      pool.run({ kind: "echo", value: i }, "long").then(note(`long ${i}`)),
    );
    const short = pool.run({ kind: "echo", value: 1 }, "short").then(note("short"));
    await Promise.all([...long, short]);
    expect(done.indexOf("short")).toBeLessThan(5);
    expect(done.filter((one) => one !== "short")).toEqual(Array.from({ length: 10 }, (_, i) => `long ${i}`));
  });

  it("passes on errors of ours, and only a neutral text of others", async () => {
    await using pool = start(1);
    await expect(pool.run({ kind: "refuse" })).rejects.toMatchObject({ code: "INVALID", fields: ["place"] });
    const fault = await pool.run({ kind: "fault" }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "INTERNAL" });
    expect(String(fault)).not.toContain("4711");
  });

  it("replaces a worker that dies; only its own tasks fail", async () => {
    await using pool = start(1);
    expect(await pool.run({ kind: "echo", value: 4 })).toBe(4);
    await expect(pool.run({ kind: "die" })).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await pool.run({ kind: "echo", value: 5 })).toBe(5);
  });

  it("outlives a worker that is killed", async () => {
    await using pool = start(2);
    const { pid } = await surroundings(pool);
    const long = pool.run({ kind: "long" });
    const other = pool.run({ kind: "echo", value: 4 });
    process.kill(pid, "SIGKILL");
    await expect(long).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await other).toBe(4);
  });

  it("fails every task where no worker can start", async () => {
    // A program that ends at once.
    await using pool = startWorkerPool<EchoTask, unknown>({ module: new URL("file:///dev/null"), workers: 2 });
    const tasks = Array.from({ length: 7 }, (_, value) => pool.run({ kind: "echo", value }));
    const outcomes = await Promise.allSettled(tasks);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "INTERNAL" } });
    await expect(pool.run({ kind: "echo", value: 1 })).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("starts a worker when there is work for it", async () => {
    await using pool = start(8);
    const first = await surroundings(pool);
    expect((await surroundings(pool)).pid).toBe(first.pid);
    const [one, two] = await Promise.all([surroundings(pool), surroundings(pool)]);
    expect(one.pid).not.toBe(two.pid);
  });

  it("hands typed arrays over as what they are, without the buffer that they are a view on", async () => {
    await using pool = start(1);
    const large = new Uint8Array(1_000_000).fill(7);
    const value = { view: large.subarray(10, 13), words: Uint32Array.of(1, 2 ** 32 - 1), empty: new Uint8Array() };
    const answer = (await pool.run({ kind: "echo", value })) as typeof value;
    expect(answer).toEqual(value);
    expect(Object.getPrototypeOf(answer.view)).toBe(Uint8Array.prototype);
    expect(answer.view.buffer.byteLength).toBeLessThan(1_000);
  });

  it("gives a worker its data, and nothing of its owner's environment and flags", async () => {
    vi.stubEnv("CAUSEWAY_TEST_SECRET", "4711");
    try {
      await using pool = start(1, { keyShare: Uint8Array.of(4, 7, 1, 1) });
      const { data, argv, env } = await surroundings(pool);
      expect(data).toEqual({ keyShare: Uint8Array.of(4, 7, 1, 1) });
      expect(argv).toEqual([process.execPath, expect.stringMatching(/echo-worker\.ts$/)]);
      expect(env).toEqual({});
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("leaves the signals of a terminal or a service manager to its owner", async () => {
    await using pool = start(1);
    const { pid } = await surroundings(pool);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);
    expect((await surroundings(pool)).pid).toBe(pid);
  });

  it("ends its workers whatever they do: starting, working, waiting", async () => {
    const pool = start(3);
    const { pid } = await surroundings(pool);
    const working = pool.run({ kind: "long" });
    const starting = pool.run({ kind: "echo", value: 1 });
    const refused = expect(Promise.any([working, starting])).rejects.toMatchObject({
      errors: [{ code: "UNAVAILABLE" }, { code: "UNAVAILABLE" }],
    });
    await pool[Symbol.asyncDispose]();
    await refused;
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await pool[Symbol.asyncDispose]();
  });

  it("refuses work after its end", async () => {
    const pool = start(1);
    await pool[Symbol.asyncDispose]();
    await expect(pool.run({ kind: "echo", value: 5 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("the workers of a pool whose owner is killed", () => {
  it("end by themselves", async () => {
    const owner = fork(new URL("./pool-owner.ts", import.meta.url), {
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    await once(owner, "message");
    owner.kill("SIGKILL");
    // The owner's standard error is its workers' too: it closes when the last of them has ended.
    owner.stderr?.resume();
    await once(owner, "close");
  });
});
