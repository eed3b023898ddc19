import { describe, expect, it } from "vitest";
import { comparedSentence, statusExit } from "../../agency-node/cli/compared-rows.ts";
import type { NodeStatus } from "../../agency-node/cli/rpc/node-client.ts";
import { clockSkew } from "../../agency-node/core/clock-skew.ts";
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
  it("disagree only by what no delay explains", () => {
    expect(clockSkew({ writtenMs: 1_000, nowMs: 9_000, appliedAtMs: 1_500 })).toBe(0);
    expect(clockSkew({ writtenMs: 61_000, nowMs: 62_000, appliedAtMs: 1_500 })).toBe(59_500);
    expect(clockSkew({ writtenMs: 1_000, nowMs: 2_000, appliedAtMs: 62_000 })).toBe(-60_000);
  });
});
