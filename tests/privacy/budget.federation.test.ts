/** A member that tries a dictionary at the evaluators, as the holder of a salt can (protocol section 2, budgets). */
import { describe, expect, it } from "vitest";
import { evaluatorClient } from "../../agency-node/hardening/rpc/evaluator-client.ts";
import { encodeIdentifier } from "../../agency-node/linkage/identifiers.ts";
import { blindBatch } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { identityOf, newMember, startFederation } from "../hardening/evaluators.ts";
import { systemTimers } from "../../shared/world/world.ts";

const GUESSES = 10_000;
const BATCH = 500;
const BUDGET = { initial: 0, perDay: 2_000 };

describe("ten thousand guesses", () => {
  it("end at the budget, and the evaluator reports what it gave, what it refused, and an alarm before the end", async () => {
    await using test = await startFederation({ evaluators: 1 });
    const member = newMember();
    test.setMember(member, BUDGET);
    const [evaluator] = test.evaluators;
    using client = evaluatorClient({
      address: `127.0.0.1:${evaluator!.port}`,
      tls: await test.tlsFor(identityOf(member)),
      expected: evaluator!.identity,
      caller: test.caller,
      world: systemTimers,
    });
    const answers: string[] = [];
    for (let at = 0; at < GUESSES; at += BATCH) {
      const answer = await client.ask({ kind: "batch", batchId: randomBytes(16), generation: 1, blinded: guesses(at) });
      answers.push(answer.kind === "refused" ? answer.reason : answer.kind);
    }
    const given = BUDGET.perDay / BATCH;
    const refused = GUESSES / BATCH - given;
    const expected = [...Array<string>(given).fill("evaluated"), ...Array<string>(refused).fill("budget")];
    expect(answers).toEqual(expected);
    const kinds = evaluator!.events
      .filter((event) => "member" in event && event.member === member)
      .map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "evaluated")).toHaveLength(given);
    expect(kinds.filter((kind) => kind === "refused")).toHaveLength(refused);
    expect(kinds.indexOf("budgetAlarm")).toBeGreaterThan(0);
    expect(kinds.indexOf("budgetAlarm")).toBeLessThan(kinds.indexOf("refused"));
  });

  /** Blinded once each: blinds cost as much as the evaluation, and the refused ones are never looked at. */
  const blinded = new Map<number, Uint8Array>();

  function guesses(from: number): Uint8Array {
    // What is refused is refused for its number, so the first batches stand for the rest.
    const first = from % BUDGET.perDay;
    const inputs = Array.from({ length: BATCH }, (_, i) =>
      encodeIdentifier({ kind: "link.phone", fields: [`+44770090${String(first + i).padStart(4, "0")}`] }),
    );
    const batch = blinded.get(first) ?? blindBatch(inputs, randomBytes(64 * BATCH)).blinded;
    blinded.set(first, batch);
    return batch;
  }
});
