/** What wrong codes and floods of questions cost: somebody who tries, time; others, nothing. */
import { describe, expect, it } from "vitest";
import { Challenges } from "../../shared/web/session/challenges.ts";
import { Refusals } from "../../shared/web/session/refusals.ts";
import { CHALLENGE_LIFE_MS, HELD_ANSWERS_MAX, REFUSAL_HELD_MS } from "../../shared/web/limits.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { HandWorld } from "../support/hand-world.ts";
import { WrittenLog } from "../support/written-log.ts";

const here = new AbortController().signal;

describe("a refusal", () => {
  const opened = () => {
    const world = new HandWorld();
    const log = new WrittenLog();
    const refusals = new Refusals("code", { clock: () => world.elapsedMs(), timers: world, log: log.for("site") });
    return { world, log, refusals };
  };

  it("is held back for a moment, or until whoever waits for it has gone", async () => {
    const { world, refusals } = opened();
    const told: string[] = [];
    const gone = new AbortController();
    const [stayed, left] = [refusals.refuse(here), refusals.refuse(gone.signal)];
    void stayed.then(() => told.push("stayed"));
    void left.then(() => told.push("left"));
    gone.abort();
    await left;
    await world.pass(REFUSAL_HELD_MS - 1);
    expect(told).toEqual(["left"]);
    await world.pass(1);
    expect(told).toEqual(["left", "stayed"]);
  });

  it("is given at once in a flood: answers that wait cost memory", async () => {
    const { world, refusals } = opened();
    const held = Array.from({ length: HELD_ANSWERS_MAX }, () => refusals.refuse(here));
    await refusals.refuse(here);
    await world.pass(REFUSAL_HELD_MS);
    await Promise.all(held);
    let isTold = false;
    void refusals.refuse(here).then(() => (isTold = true));
    await world.pass(REFUSAL_HELD_MS - 1);
    expect(isTold).toBe(false);
  });

  it("has one line in the log for all of a minute", async () => {
    const { world, log, refusals } = opened();
    const said = (): unknown[] => log.lines("signInRefused").map(({ times }) => times);
    for (let i = 0; i < 100; i += 1) void refusals.refuse(here);
    expect(said()).toEqual([1]);
    await world.pass(60_000);
    void refusals.refuse(here);
    expect(said()).toEqual([1, 100]);
  });
});

describe("a challenge", () => {
  const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

  it("is answered once, for its purpose, in its time, where it was given", () => {
    let nowMs = 1_000;
    const world = { clock: () => nowMs, randomBytes };
    const challenges = new Challenges(world);
    const challenge = base64url(challenges.issue("sign-in"));
    expect(challenges.holds(challenge, "sign-in")).toBe(true);
    expect(challenges.answer(challenge, "add 7")).toBe(false);
    expect(new Challenges(world).answer(challenge, "sign-in")).toBe(false);
    for (const other of ["", "AAAA", base64url(randomBytes(56)), `${challenge}AA`, `B${challenge.slice(1)}`]) {
      if (other !== challenge) expect(challenges.answer(other, "sign-in"), other).toBe(false);
    }
    expect(challenges.answer(challenge, "sign-in")).toBe(true);
    expect(challenges.holds(challenge, "sign-in")).toBe(false);
    expect(challenges.answer(challenge, "sign-in")).toBe(false);
    const late = base64url(challenges.issue("sign-in"));
    nowMs += CHALLENGE_LIFE_MS;
    expect(challenges.answer(late, "sign-in")).toBe(false);
  });

  it("is not lost however many others ask for theirs", () => {
    const challenges = new Challenges({ clock: () => 1_000, randomBytes });
    const challenge = base64url(challenges.issue("sign-in"));
    for (let i = 0; i < 20_000; i += 1) challenges.issue("sign-in");
    expect(challenges.answer(challenge, "sign-in")).toBe(true);
  });
});
