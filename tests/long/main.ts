/**
 * Checks that take long: the tests on other days (`days`), in other surroundings (`surroundings`), and every lost party's way back by the
 * documents' own commands (`lost`). `npm run test:long -- NAME [vitest's arguments]`; without a name, all. What this machine lacks for a part of them is said, and counted.
 */
import { onOtherDays } from "./days.ts";
import type { Outcome } from "./suite.ts";
import { lostParties } from "./lost.ts";
import { elsewhere } from "./surroundings.ts";

const CHECKS: Readonly<Record<string, (args: readonly string[]) => AsyncGenerator<Outcome | string>>> = {
  days: onOtherDays,
  surroundings: elsewhere,
  lost: lostParties,
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  const checks = name === undefined ? Object.values(CHECKS) : [CHECKS[name]];
  const counts = { held: 0, failed: 0, lacking: 0 };
  for (const check of checks) {
    if (check === undefined) {
      console.error(`there is no long check ${name}; there are ${Object.keys(CHECKS).join(", ")}`);
      return 2;
    }
    for await (const outcome of check(args)) counts[report(outcome)] += 1;
  }
  console.log(`${counts.held} runs held, ${counts.failed} failed, ${counts.lacking} not possible on this machine`);
  return counts.failed > 0 || counts.held === 0 ? 1 : 0;
}

function report(outcome: Outcome | string): "held" | "failed" | "lacking" {
  if (typeof outcome === "string") {
    console.log(`NOT RUN  ${outcome}`);
    return "lacking";
  }
  const { label, passed, failed, ran, faults } = outcome;
  const held = failed === 0 && ran > 0;
  console.log(`${held ? "held  " : "FAILED"}  ${label}: ${passed} passed, ${failed} failed`);
  for (const fault of faults) console.log(`  ${fault.replaceAll("\n", "\n    ")}`);
  return held ? "held" : "failed";
}

process.exitCode = await main(process.argv.slice(2));
