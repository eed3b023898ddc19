import { describe, expect, it } from "vitest";
import { comparedSentence, statusExit } from "../../agency-node/cli/compared-rows.ts";
import type { NodeStatus } from "../../agency-node/cli/rpc/node-client.ts";
import { BrokerClock } from "../../agency-node/core/clock-skew.ts";
import { hindranceIn, HINDRANCES, notCompared } from "../../agency-node/core/comparison.ts";
import type { Facts, Surroundings } from "../../agency-node/core/comparison.ts";
import { wordFor } from "../../shared/words/say.ts";

const FREE: Surroundings = { hindrance: undefined, budgetUsedUp: false, lastMetMs: 100 };
const published = (heldMs: number) => ({ state: "published", reason: null, heldMs }) as const;

describe("a record", () => {
  it("is compared once a meeting was found after its receipt, and nothing is in the way", () => {
    expect(notCompared(published(100), FREE)).toBeUndefined();
    expect(notCompared(published(101), FREE)).toBe("awaitingCanary");
    expect(notCompared(published(1), { ...FREE, hindrance: "digestDiffers" })).toBe("digestDiffers");
  });

  it("says what it waits for itself, unless nothing gets any further", () => {
    const hardening = { state: "hardening", reason: null, heldMs: 0 } as const;
    expect(notCompared(hardening, { ...FREE, hindrance: "canariesUnproven" })).toBe("waitingForHardening");
    expect(notCompared(hardening, { ...FREE, budgetUsedUp: true })).toBe("budget");
    expect(notCompared({ ...hardening, state: "waiting" }, FREE)).toBe("waitingForReceipt");
    expect(notCompared({ ...hardening, state: "waiting" }, { ...FREE, hindrance: "suspended" })).toBe("suspended");
    const refused = { state: "rejected", reason: "reviewDay", heldMs: 0 } as const;
    expect(notCompared(refused, { ...FREE, hindrance: "brokerAway" })).toBe("refused:reviewDay");
  });

  it.each(HINDRANCES)("has words for %s, which is said before what comes after it", (hindrance) => {
    const after = HINDRANCES.slice(HINDRANCES.indexOf(hindrance));
    const obstacle = (["scheme", "salts"] as const).find((each) => after.includes(each));
    const facts = Object.fromEntries(after.map((each) => [each, true])) as Facts;
    expect(hindranceIn({ ...facts, obstacle })).toBe(hindrance);
    expect(wordFor("notCompared", hindrance)).not.toBe(hindrance);
  });
});

describe("a status", () => {
  const status = (over: Partial<NodeStatus>): NodeStatus =>
    ({
      membershipEnd: "",
      brokerConnected: true,
      policyUnprovenSinceMs: 0,
      hindrance: "",
      notCompared: [],
      liveRecords: 40,
      heldStrays: 0,
      overlapsWithoutRecord: 0,
      ...over,
    }) as NodeStatus;

  it.each([
    ["all are compared", 0, {}],
    ["some are on their way", 5, { notCompared: [{ reason: "waitingForReceipt", records: 1 }] }],
    ["records are held", 5, { heldStrays: 1 }],
    ["overlaps are of records that are not here", 5, { overlapsWithoutRecord: 1 }],
    ["the digest is awaited", 5, { hindrance: "digestAwaited" }],
    ["the unit is suspended", 1, { membershipEnd: "suspended", hindrance: "suspended" }],
    ["NATS refuses the unit", 1, { hindrance: "refusedByServer" }],
    ["NATS takes nothing", 1, { hindrance: "streamRefused" }],
    ["clocks disagree", 1, { hindrance: "clockDisagrees" }],
    ["the broker is away", 1, { brokerConnected: false, hindrance: "brokerAway" }],
  ] as const)("ends in its own code when %s", (_, code, over) => {
    expect(statusExit(status(over as Partial<NodeStatus>))).toBe(code);
  });

  it("never says that there are no overlaps alone while something is on its way", () => {
    const some = status({
      notCompared: [
        { reason: "waitingForHardening", records: 10 },
        { reason: "refused:budget", records: 2 },
      ],
    });
    expect(comparedSentence(some)).toBe(
      "12 of your 40 records are not compared yet: 10 being hardened and 2 refused by the broker (budget).",
    );
    const none = status({ notCompared: [{ reason: "brokerAway", records: 40 }] });
    expect(comparedSentence(none)).toBe("None of your 40 records is compared now: while the broker is not reached.");
    expect(comparedSentence(status({}))).toBeUndefined();
  });
});

describe("clocks", () => {
  const [MINUTE, HOUR] = [60_000, 3_600_000];
  /** What is heard: when by the true time, what the broker's clock showed, and when what is answered was written. */
  type Word = readonly [atMs: number, brokerMs: number, writtenMs?: number];
  function skew(words: readonly Word[], aheadMs = 0, nowMs = words.at(-1)?.[0] ?? 0): number {
    const clock = new BrokerClock();
    for (const [atMs, brokerMs, writtenMs] of words)
      clock.heard(brokerMs, { clockMs: atMs + aheadMs, elapsedMs: atMs }, writtenMs);
    return clock.skewMs({ clockMs: nowMs + aheadMs, elapsedMs: nowMs });
  }

  it.each([
    ["agree before anything was heard", [], 0, 0],
    ["agree as far as a delay explains what was heard", [[9_000, 1_500, 1_000]], 0, 0],
    ["agree although a beat waited for an hour", [[HOUR, 0]], 0, 0],
    [
      "are ahead by the receipt of what was written later than it was answered",
      [[2_000, 1_500, 61_000]],
      60_000,
      59_500,
    ],
    ["are behind by any word from the future", [[2_000, 62_000]], 0, -60_000],
    [
      "are compared by the best word, not the latest",
      [
        [0, 600_000],
        [MINUTE, MINUTE + 300_000],
      ],
      0,
      -600_000,
    ],
  ] as const)("%s", (_, words, aheadMs, expected) => {
    expect(skew(words, aheadMs)).toBe(expected);
  });

  it("follow a jump of the node's own at once, and forget one of the broker's with the next receipt", () => {
    const agreed: Word[] = [[0, 0, 0]];
    expect(skew(agreed, 10 * MINUTE)).toBe(0);
    const clock = new BrokerClock();
    clock.heard(1_000, { clockMs: 1_000, elapsedMs: 1_000 }, 900);
    expect(clock.skewMs({ clockMs: 601_100, elapsedMs: 1_100 })).toBe(599_900);
    expect(clock.skewMs({ clockMs: 1_100, elapsedMs: 1_100 })).toBe(0);
    const far = 300 * 24 * HOUR;
    expect(
      skew([
        [0, 0, 0],
        [MINUTE, far],
      ]),
    ).toBe(MINUTE - far);
    expect(
      skew([
        [0, 0, 0],
        [MINUTE, far],
        [2 * MINUTE, 2 * MINUTE, 2 * MINUTE - 100],
      ]),
    ).toBe(0);
  });

  it("are not judged by what was heard long ago", () => {
    expect(skew([[0, 62_000]], 0, 20 * MINUTE)).toBe(0);
  });
});
