/**
 * Follows the chain of directives. The broker serves it and is not believed: every directive is folded here, the first one against the
 * pinned fingerprint, and a freshness statement by the board's own key says whether something is withheld (protocol section 4).
 */
import type { Federation } from "../../shared/core/directive.ts";
import { judgeFreshness } from "../../shared/core/chain.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { appendDirective, loadChain } from "../../shared/platform/chain-file.ts";
import type { Chain } from "../../shared/platform/chain-file.ts";
import type { Clock } from "../../shared/platform/clock.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import type { Log } from "../../shared/platform/log.ts";
import { partyFile, readPin } from "../../shared/platform/party.ts";
import type { Keys } from "../trust.ts";
import { pause } from "../../shared/platform/retry.ts";
import { decodeSignedDirective, decodeSignedFreshness } from "../../shared/wire/directive.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { SignedDirective } from "../../shared/wire/gen/causeway/v1/federation.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";

const POLL_MS = 10_000;
/** While the broker does not answer. */
const POLL_AWAY_MS = 1_000;

export class DirectoryClient implements Disposable {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connection;
  #chain: Chain;
  /** 0: proven. Else since when the board's latest word is not known. */
  #unprovenSinceMs: number;
  #reached = false;

  /** Loads and proves the stored chain. Throws as `loadChain`. */
  constructor(of: { readonly dir: string; readonly keys: Keys; readonly clock: Clock; readonly log: Log }) {
    this.#dir = of.dir;
    this.#clock = of.clock;
    this.#log = of.log;
    this.#unprovenSinceMs = of.clock();
    this.#chain = loadChain(partyFile(of.dir, "chain"), this.#context());
    this.#connection = grpcClient(DirectoryServiceDefinition, {
      address: this.federation.found.broker.address,
      tls: of.keys.tls,
      expected: { kind: "broker" },
    });
  }

  get federation(): Federation {
    return this.#chain.federation;
  }

  /** 0, or since when policy is unproven, in milliseconds. */
  get policyUnprovenSinceMs(): number {
    return this.#unprovenSinceMs;
  }

  /** Whether the broker answered when it was last asked. */
  get reached(): boolean {
    return this.#reached;
  }

  /** Follows until the signal aborts. `onChange` is told of every new directive's outcome. */
  async run(signal: AbortSignal, onChange: (federation: Federation) => void): Promise<void> {
    while (!signal.aborted) {
      const { number } = this.federation.head;
      try {
        await this.#catchUp(signal);
        await this.#checkFreshness(signal);
        this.#reached = true;
      } catch (error) {
        if (signal.aborted) return;
        if (!isCausewayError(error)) throw error;
        this.#reached = !isCausewayError(error, "UNAVAILABLE");
        this.#log.error("directory.unproven", error);
        this.#unprovenSinceMs ||= this.#clock();
      }
      if (this.federation.head.number !== number) onChange(this.federation);
      await pause(this.#reached ? POLL_MS : POLL_AWAY_MS, signal);
    }
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const fromNumber = BigInt(this.federation.head.number + 1);
    for await (const { directive } of this.#connection.client.listDirectives({ fromNumber }, { signal })) {
      const signed = decodeSignedDirective(
        SignedDirective.encode(SignedDirective.fromPartial(directive ?? {})).finish(),
      );
      this.#chain = appendDirective(partyFile(this.#dir, "chain"), this.#chain, signed, this.#context());
      this.#log.info("directive.accepted", { number: this.federation.head.number });
    }
  }

  async #checkFreshness(signal: AbortSignal): Promise<void> {
    const { freshness } = await this.#connection.client.getFreshness({}, { signal });
    const signed = decodeSignedFreshness(Signed.encode(Signed.fromPartial(freshness ?? {})).finish());
    const fresh = judgeFreshness(this.federation, signed, this.#clock()) === "fresh";
    this.#unprovenSinceMs = fresh ? 0 : this.#unprovenSinceMs || this.#clock();
  }

  #context() {
    return { pinnedFingerprint: readPin(this.#dir), nowMs: this.#clock() };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
