/**
 * Set intersection the way Causeway does it: two members and two evaluators, real TLS and gRPC on loopback, budgets, signed
 * statements and spot-check proofs; then salting, layout and the broker's index. Everything runs in this process and its
 * workers, for each party as many as there are cores. Left out: the sealed envelopes between node and broker, and their files.
 */
import { createHardener } from "../../agency-node/hardening/hardener.ts";
import type { Hardener } from "../../agency-node/hardening/hardener.ts";
import { identifiersAt, layOut, tokensOfLayout } from "../../agency-node/core/publication.ts";
import type { HardenedIdentifier, Layout } from "../../agency-node/core/publication.ts";
import { keyedTokenHash } from "../../broker/core/token-hash.ts";
import { TokenIndex } from "../../broker/core/token-index.ts";
import type { EncounterRules } from "../../broker/core/token-index.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { HARDEN_BATCH_ELEMENTS_MAX } from "../../shared/core/limits.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { saltKey, TAG_BYTES, TOKEN_BYTES, tokensOf } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import { identityOf, newMember, startFederation } from "../hardening/evaluators.ts";
import type { TestFederation } from "../hardening/evaluators.ts";
import { grpcEvaluators } from "../../agency-node/hardening/rpc/grpc-evaluators.ts";
import { workerEngine } from "../../agency-node/hardening/worker-engine.ts";
import { systemTimers } from "../../shared/world/world.ts";

/** About as many identifiers as a person has; they fill a class of the layout, the other two are padding. */
const ITEMS_PER_RECORD = 16;

/** What is matched here is tokens alone. */
const NO_TAG = new Uint8Array(TAG_BYTES);

/** Far above what sets can reach: here every equal token counts. */
const RULES: EncounterRules = {
  membersMax: { single: 8, opening: 8, support: 8 },
  recordsPerMemberMax: 8,
  accepts: () => true,
};

export type Exchange = AsyncDisposable & {
  /** Hardens, publishes and matches what is new on both sides, both at once. */
  add(left: readonly string[], right: readonly string[]): Promise<void>;
  /** The items that the broker's notices have named to both sides so far. */
  readonly met: ReadonlySet<string>;
};

/** Starts all parties and warms their workers with so many items. `workers` is for each member and each evaluator. */
export async function startExchange(workers: number, warmUpItems: number): Promise<Exchange> {
  const federation = await startFederation({ evaluators: 2, workers });
  const board = new Board(saltKey(randomBytes(32)));
  const sides = await Promise.all([0, 1].map((side) => startSide(federation, side, workers)));
  await Promise.all(sides.map(({ hardener }) => hardenAll(hardener, inventedWarmUp(warmUpItems))));
  return {
    met: board.met,
    async add(left, right) {
      await Promise.all(
        [left, right].map(async (items, side) => {
          const { hardener } = sides[side] as Side;
          await Promise.all(
            batchesOf(items).map(async (batch) => board.publish(side, batch, await hardenAll(hardener, batch))),
          );
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sides.map(({ hardener }) => hardener[Symbol.asyncDispose]()));
      await federation[Symbol.asyncDispose]();
    },
  };
}

type Side = { readonly hardener: Hardener };

async function startSide(test: TestFederation, side: number, workers: number): Promise<Side> {
  const member = newMember();
  test.setMember(member, { initial: 100_000_000, perDay: 100_000_000 });
  const onEvidence = (): never => {
    throw new Error(`an evaluator failed side ${side}`);
  };
  const tls = await test.tlsFor(identityOf(member));
  const evaluators = grpcEvaluators({ tls: () => tls, caller: test.caller, world: systemTimers });
  const engine = workerEngine(workers);
  return { hardener: createHardener({ federation: () => test.federation, member, evaluators, engine, onEvidence }) };
}

function inventedWarmUp(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `warm-up ${i}`);
}

function batchesOf(items: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(items.length / HARDEN_BATCH_ELEMENTS_MAX) }, (_, i) =>
    items.slice(i * HARDEN_BATCH_ELEMENTS_MAX, (i + 1) * HARDEN_BATCH_ELEMENTS_MAX),
  );
}

async function hardenAll(hardener: Hardener, items: readonly string[]): Promise<Uint8Array[]> {
  const inputs = items.map((item) => utf8(item));
  return await hardener.hardenBatch({ batchId: randomBytes(16), seed: randomBytes(32), generation: 1, inputs });
}

/** What the nodes do after hardening, and the broker with it. */
class Board {
  readonly met = new Set<string>();
  readonly #salt: SaltKey;
  readonly #index = new TokenIndex(keyedTokenHash(randomBytes(16)));
  readonly #layouts: Layout[] = [];

  constructor(salt: SaltKey) {
    this.#salt = salt;
  }

  publish(side: number, items: readonly string[], hardened: readonly Uint8Array[]): void {
    const tokens = tokensOf(this.#salt, "target", hardened);
    for (let first = 0; first < items.length; first += ITEMS_PER_RECORD) {
      const ofRecord = items.slice(first, first + ITEMS_PER_RECORD);
      this.#publishRecord(side, ofRecord, tokens.slice(first, first + ITEMS_PER_RECORD));
    }
  }

  #publishRecord(side: number, items: readonly string[], tokens: readonly Uint8Array[]): void {
    const record = this.#layouts.length;
    const identifiers = items.map((item): HardenedIdentifier => ({
      kind: "item",
      class: "single",
      cacheKey: utf8(item),
    }));
    const tokenOf = new Map(identifiers.map((identifier, i) => [identifier, tokens[i] as Uint8Array]));
    const layout = layOut(identifiers, randomBytes);
    this.#layouts.push(layout);
    const published = tokensOfLayout(layout, {
      token: (identifier) => tokenOf.get(identifier) as Uint8Array,
      tag: () => NO_TAG,
      padding: () => randomBytes(TOKEN_BYTES + TAG_BYTES),
    });
    this.#index.put(record, side, published);
    this.#meet(record);
  }

  /** The node that published reads its own items off the positions that met. */
  #meet(record: number): void {
    const { byRecord } = this.#index.encounters(record, RULES);
    const places = [...byRecord.values()].flat();
    const single = places.filter(({ tokenClass }) => tokenClass === "single").map(({ position }) => position);
    const own = identifiersAt(this.#layouts[record] as Layout, { single, opening: [], support: [] });
    for (const { cacheKey } of own) this.met.add(new TextDecoder().decode(cacheKey));
  }
}
