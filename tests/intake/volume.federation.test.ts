/** No server here, but a file as large as a unit's: too slow for the fast levels. */
import { describe, expect, it } from "vitest";
import { intake } from "../../agency-node/intake/intake.ts";
import { LONG_MS } from "../support/patience.ts";
import { bytesOf, OPTIONS } from "./support.ts";

describe("importing a file", () => {
  it("streams 200,000 records", { timeout: LONG_MS }, async () => {
    const rows = 200_000;
    async function* source(): AsyncGenerator<Uint8Array> {
      yield bytesOf("ref,passport,dob\n");
      for (let at = 0; at < rows; at += 1_000) {
        const lines = Array.from(
          { length: 1_000 },
          (_, i) => `R-${at + i},X${1_000_000 + at + i},${(at + i) % 1_000 === 7 ? "1980-02-30" : "1980-02-28"}\n`,
        );
        yield bytesOf(lines.join(""));
      }
    }
    const counts = { record: 0, problem: 0, mapping: 0, unchanged: 0, summary: 0 };
    let totals;
    let heapMax = 0;
    for await (const event of intake(source(), OPTIONS)) {
      counts[event.kind] += 1;
      if (counts.record % 10_000 === 0) heapMax = Math.max(heapMax, process.memoryUsage().heapUsed);
      if (event.kind === "summary") totals = event.counts;
    }
    expect(totals).toEqual({ rows, accepted: 199_800, rejected: 200, unchanged: 0, warnings: 0 });
    expect(counts).toEqual({ record: 199_800, problem: 200, mapping: 1, unchanged: 0, summary: 1 });
    expect(heapMax).toBeLessThan(400 * 1024 * 1024);
  });
});
