/**
 * Answers requests for certificates and NATS users. The broker passes them on, and could invent, repeat or withhold them: what counts is
 * the signature by a key that the chain gives to a party now. A repeated request brings a certificate for the key that the party asked
 * for, which is of use to that party alone. So that a TLS key that was given up does not come back, requests are refused that are older
 * than some minutes, or than the last that was answered.
 *
 * Known weakness: what was answered is forgotten at a restart, so for those minutes the broker may then repeat a request before the last.
 */
import { CREDENTIALS_REQUEST_AGE_MS_MAX } from "../../shared/core/board.ts";
import type { Credentials, CredentialsRequest } from "../../shared/core/board.ts";
import { AHEAD_MS_MAX } from "../../shared/core/chain.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { openCredentialsRequest } from "../../shared/wire/board.ts";
import type { Verified } from "../../shared/wire/board.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause, within } from "../../shared/world/wait.ts";
import type { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { issueCredentials } from "./issue.ts";
import type { Lives } from "./issue.ts";
import type { IssuingKeys } from "./keys.ts";
import { listedParties } from "./parties.ts";
import type { ListedParty } from "./parties.ts";
import type { BrokerPort } from "./ports.ts";
import { events } from "./events.ts";

const RETRY_MS = 1_000;
const CALL_MS = 10_000;
/** A party may ask as soon as the broker has the directive that admits it, and be faster than the directive is here. */
const DIRECTIVE_MS = 2_000;

export type RequestParts = {
  readonly broker: Pick<BrokerPort, "requests" | "putCredentials">;
  readonly keys: () => IssuingKeys;
  readonly federation: () => Federation;
  /** Woken at each new directive. */
  readonly directives: Wake;
  readonly lives: Lives;
  readonly world: Pick<World, "after" | "clock" | "log">;
};

type ProvenRequest = Verified<CredentialsRequest> & { readonly party: ListedParty };
type Issued = { readonly request: ProvenRequest; readonly credentials: Credentials };

export class RequestDesk {
  readonly #parts: RequestParts;
  /** When the last request that was answered was made, by key id. */
  readonly #answered = new Map<string, number>();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. What did not reach the broker is asked for again when it is back. */
  async run(signal: AbortSignal): Promise<void> {
    const { broker, world } = this.#parts;
    const round = async (): Promise<void> => {
      for await (const request of broker.requests(signal)) await this.#answer(request, signal);
      await pause(world, RETRY_MS, signal);
    };
    const afterFailure = () => ({ failed: events.registrar.requestsLost, retryMs: RETRY_MS });
    await keepGoing(world, signal, { round, afterFailure });
  }

  async #answer(signed: Uint8Array, signal: AbortSignal): Promise<void> {
    const { broker, world } = this.#parts;
    const issued = await this.#issue(signed, signal).catch((error: unknown) => this.#refuse(error));
    if (issued === undefined || signal.aborted) return;
    const { request, credentials } = issued;
    const { keyId, party, value } = request;
    await within(world, CALL_MS, signal, (limited) => broker.putCredentials(keyId, credentials, limited));
    this.#answered.set(keyId, value.requestedAtMs);
    const member = party.identity.kind === "member" ? { member: party.identity.member } : {};
    events.registrar.issued(world.log, { party: party.identity.kind, ...member });
  }

  /** Whatever one request does here must not keep others from being answered: who sends it again would end each round. */
  #refuse(error: unknown): undefined {
    const { log } = this.#parts.world;
    if (isCausewayError(error)) events.registrar.refused(log, { code: error.code });
    else events.registrar.requestFailed(log, error);
  }

  async #issue(signed: Uint8Array, signal: AbortSignal): Promise<Issued> {
    const { keys, lives, world } = this.#parts;
    const request = await this.#read(signed, signal);
    const { requestedAtMs } = request.value;
    const nowMs = world.clock();
    const oldestMs = Math.max(nowMs - CREDENTIALS_REQUEST_AGE_MS_MAX, this.#answered.get(request.keyId) ?? 0);
    if (requestedAtMs > nowMs + AHEAD_MS_MAX || requestedAtMs < oldestMs) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the request is not of now, or older than one that was answered");
    }
    const credentials = await issueCredentials({
      keys: keys(),
      party: request.party,
      request: request.value,
      lives,
      nowMs,
    });
    return { request, credentials };
  }

  async #read(signed: Uint8Array, signal: AbortSignal): Promise<ProvenRequest> {
    const { directives, world } = this.#parts;
    const { clock } = world;
    // More than once: the first wake may be for a directive that was here before the request.
    for (const untilMs = clock() + DIRECTIVE_MS; ; await directives.wait(untilMs - clock(), signal)) {
      try {
        return this.#open(signed);
      } catch (error) {
        if (!isCausewayError(error, "UNPROVEN") || clock() >= untilMs || signal.aborted) throw error;
      }
    }
  }

  #open(signed: Uint8Array): ProvenRequest {
    const federation = this.#parts.federation();
    const parties = listedParties(federation);
    const opened = openCredentialsRequest(signed, federation.id, (id) => parties.get(id)?.signingKey);
    const party = parties.get(opened.keyId);
    if (party === undefined) throw new CausewayError("INTERNAL", "a request was proven by nobody's key");
    return { ...opened, party };
  }
}
