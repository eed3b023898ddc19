/** Guesses: what a member's budget pays for, whatever it knows besides, and whether it can be had for nothing. */
import { encodeIdentifier } from "../../../agency-node/linkage/identifiers.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import {
  combineBatch,
  evaluateBatch,
  finalizeBatch,
  generateKeyShare,
  blindBatch,
} from "../../../shared/crypto/oprf.ts";
import { saltKey, tokensOf } from "../../../shared/crypto/token.ts";
import {
  BAD_BATCH,
  BAD_BATCHES_BUDGET,
  evaluatorIn,
  federationOf,
  floodWithBadBatches,
  keyShare as officeShare,
  peer,
} from "../../evaluator/by-hand.ts";
import { hardenAlone } from "../../privacy/guessing.ts";
import { HandWorld } from "../../support/hand-world.ts";
import type { Options, Outcome } from "./attack.ts";

/** Batches of which one element is none: validated for nothing, were they not charged. */
export async function spoilBatches({ long }: Options): Promise<Outcome> {
  const batches = long ? 1_000 : 200;
  const [oneByOne, atOnce] = [
    await floodWithBadBatches({ batches, atOnce: 1 }),
    await floodWithBadBatches({ batches, atOnce: 40 }),
  ];
  const figure = {
    elementsSent: batches * BAD_BATCH,
    budget: BAD_BATCHES_BUDGET,
    lookedAtOneByOne: oneByOne.looked,
    lookedAtAtOnce: atOnce.looked,
  };
  // One batch in 24 hours is forgiven.
  return { held: Math.max(oneByOne.looked, atOnce.looked) <= BAD_BATCHES_BUDGET + BAD_BATCH, figure };
}

const PERSONS = 60;
const BATCH = 100;

/**
 * One member and the broker together: the index, the broker's key share, the salt, and a list of guesses that holds everybody. Only the other
 * evaluator's budget stands between them. What it pays for falls; that is the stated limit.
 */
export async function guessTogether({ long }: Options): Promise<Outcome> {
  const guesses = long ? 10_000 : 2_000;
  const budget = { initial: 0, perDay: guesses / 5 };
  const world = new HandWorld();
  await using office = evaluatorIn(world, [], () => federationOf(budget));
  const brokerShare = generateKeyShare(new Uint8Array(64).fill(7));
  const salt = saltKey(world.randomBytes(32));
  const inputs = Array.from({ length: guesses }, (_, i) =>
    encodeIdentifier({ kind: "link.phone", fields: [`+4477009${String(i).padStart(5, "0")}`] }),
  );
  const listed = Array.from({ length: PERSONS }, (_, i) => inputs[Math.floor((i * guesses) / PERSONS)]!);
  const hardened = listed.map((input) => hardenAlone([brokerShare, officeShare], input));
  const index = new Set(tokensOf(salt, "target", hardened).map(toHex));
  let [evaluated, found] = [0, 0];
  for (let at = 0; at < guesses; at += BATCH) {
    const some = inputs.slice(at, at + BATCH);
    const { blinded, blinds } = blindBatch(some, world.randomBytes(64 * some.length));
    const answer = await office.answer(peer, { kind: "batch", batchId: world.randomBytes(16), generation: 1, blinded });
    if (answer.kind !== "evaluated") continue;
    evaluated += some.length;
    const own = evaluateBatch(brokerShare, blinded).evaluated;
    const ys = finalizeBatch(some, blinds, combineBatch([own, answer.evaluated]));
    found += tokensOf(salt, "target", ys).filter((token) => index.has(toHex(token))).length;
  }
  const figure = { guesses, budget: budget.perDay, evaluated, listed: PERSONS, found };
  // All that was paid for is found, so the attack is carried out right.
  return { held: evaluated <= budget.perDay && found === PERSONS / 5, figure };
}
