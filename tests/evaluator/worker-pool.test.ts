import { describe, expect, it } from "vitest";
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import type { EchoTask } from "./echo-worker.ts";

const start = (workers: number) =>
  startWorkerPool<EchoTask, number>({ module: new URL("./echo-worker.ts", import.meta.url), workers });

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

  it("gives up where no worker can start", async () => {
    await using pool = startWorkerPool<EchoTask, number>({
      module: new URL("./missing.ts", import.meta.url),
      workers: 2,
    });
    await expect(pool.run({ kind: "echo", value: 1 })).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(pool.run({ kind: "echo", value: 1 })).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("refuses work after its end", async () => {
    const pool = start(1);
    await pool[Symbol.asyncDispose]();
    await expect(pool.run({ kind: "echo", value: 5 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
