import { describe, expect, it } from "vitest";
import { events } from "../../broker/events.ts";
import { Tasks } from "../../shared/world/tasks.ts";
import { RecordedLog } from "../broker/support.ts";

describe("tasks", () => {
  it("are told to stop when one of them fails, and whoever waits for it hears of the first failure", async () => {
    const recorded = new RecordedLog();
    const tasks = new Tasks(recorded.log, events.broker.failed);
    const { promise, reject } = Promise.withResolvers<void>();
    tasks.run(promise);
    tasks.run(Promise.resolve());
    expect(tasks.signal.aborted).toBe(false);
    reject(new Error("first"));
    await expect(tasks.failed).rejects.toThrow("first");
    tasks.run(Promise.reject(new Error("second")));
    await expect(tasks.failed).rejects.toThrow("first");
    expect([tasks.signal.aborted, recorded.count("broker.failed")]).toEqual([true, 1]);
  });

  it("may throw what they like once they have been told to stop", async () => {
    const recorded = new RecordedLog();
    const tasks = new Tasks(recorded.log, events.broker.failed);
    tasks.stop();
    tasks.run(Promise.reject(new Error("interrupted")));
    await Promise.resolve();
    expect(recorded.lines).toEqual([]);
  });
});
