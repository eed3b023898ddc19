/**
 * Follows the chain of directives, for nodes and evaluators. The broker serves the chain and is not believed: each directive is folded
 * here, from the pinned fingerprint on. What a broker withholds shows in the freshness statement, which the board signs (protocol
 * section 4); until there is a fresh one, policy is unproven, and its operator can fetch the chain by another way.
 */
import { judgeFreshness } from "../core/chain.ts";
import type { Federation } from "../core/directive.ts";
import { isCausewayError } from "../core/errors.ts";
import { appendDirective, loadChain } from "../platform/chain-file.ts";
import type { Chain, ChainContext } from "../platform/chain-file.ts";
import type { Clock } from "../platform/clock.ts";
import { grpcClient } from "../platform/grpc.ts";
import type { GrpcConnection } from "../platform/grpc.ts";
import type { Log } from "../platform/log.ts";
import { partyFile, readPin, readTls } from "../platform/party.ts";
import { pause } from "../platform/retry.ts";
import { decodeSignedDirective, decodeSignedFreshness } from "../wire/directive.ts";
import { DirectoryServiceDefinition } from "../wire/gen/causeway/v1/directory.ts";
import { SignedDirective } from "../wire/gen/causeway/v1/federation.ts";
import { Signed } from "../wire/gen/causeway/v1/signed.ts";

const POLL_MS = 10_000;
/** While the broker does not answer. */
const POLL_AWAY_MS = 1_000;

export class ChainFollower implements Disposable {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connection: GrpcConnection<typeof DirectoryServiceDefinition>;
  #chain: Chain;
  #unprovenSinceMs: number;
  /** What came of the last look; said in the log once for each change: an outage of days is not a line every second. */
  #outcome: string = "";

  /** Loads and proves the stored chain of a party's directory. Throws as `loadChain` and `readTls`. */
  constructor(of: { readonly dir: string; readonly clock: Clock; readonly log: Log }) {
    this.#dir = of.dir;
    this.#clock = of.clock;
    this.#log = of.log;
    this.#unprovenSinceMs = of.clock();
    this.#chain = loadChain(partyFile(of.dir, "chain"), this.#context());
    this.#connection = grpcClient(DirectoryServiceDefinition, {
      address: this.federation.found.broker.address,
      tls: readTls(of.dir),
      expected: { kind: "broker" },
    });
  }

  get federation(): Federation {
    return this.#chain.federation;
  }

  /** 0: proven. Else since when the board's latest word is not known, in milliseconds. */
  get policyUnprovenSinceMs(): number {
    return this.#unprovenSinceMs;
  }

  /** Whether the broker answered when it was last asked. */
  get reached(): boolean {
    return this.#outcome !== "" && this.#outcome !== "UNAVAILABLE";
  }

  /** Follows until the signal aborts. `onChange` is told after new directives were accepted. */
  async run(signal: AbortSignal, onChange: () => void = () => undefined): Promise<void> {
    while (!signal.aborted) {
      const { number } = this.federation.head;
      const outcome = await this.#look(signal);
      if (signal.aborted) return;
      this.#note(outcome);
      if (this.federation.head.number !== number) onChange();
      await pause(this.reached ? POLL_MS : POLL_AWAY_MS, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<string> {
    try {
      await this.#catchUp(signal);
      const { freshness } = await this.#connection.client.getFreshness({}, { signal });
      const signed = decodeSignedFreshness(Signed.encode(Signed.fromPartial(freshness ?? {})).finish());
      return judgeFreshness(this.federation, signed, this.#clock());
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      return error.code;
    }
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const fromNumber = BigInt(this.federation.head.number + 1);
    for await (const { directive } of this.#connection.client.listDirectives({ fromNumber }, { signal })) {
      const bytes = SignedDirective.encode(SignedDirective.fromPartial(directive ?? {})).finish();
      const path = partyFile(this.#dir, "chain");
      this.#chain = appendDirective(path, this.#chain, decodeSignedDirective(bytes), this.#context());
      this.#log.info("directive.accepted", { number: this.federation.head.number });
    }
  }

  #note(outcome: string): void {
    const fresh = outcome === "fresh";
    this.#unprovenSinceMs = fresh ? 0 : this.#unprovenSinceMs || this.#clock();
    if (outcome === this.#outcome) return;
    this.#outcome = outcome;
    if (fresh) this.#log.info("policy.proven");
    else this.#log.warn("policy.unproven", { outcome });
  }

  #context(): ChainContext {
    return { pinnedFingerprint: readPin(this.#dir), nowMs: this.#clock() };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
