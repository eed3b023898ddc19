/**
 * Answers requests for certificates and NATS users. The broker passes them on, and could invent, repeat or withhold them: what counts is
 * the signature by a key that the chain gives to a party now. A repeated request brings a certificate for the key that the party asked
 * for, which is of use to that party alone. So that a TLS key that was given up does not come back, requests are refused that are older
 * than some minutes, or than the last that was answered.
 *
 * Known weakness: what was answered is forgotten at a restart, so for those minutes the broker may then repeat a request before the last.
 */
import { CREDENTIALS_REQUEST_AGE_MS_MAX } from "../../shared/core/board.ts";
import type { CredentialsRequest } from "../../shared/core/board.ts";
import { AHEAD_MS_MAX } from "../../shared/core/chain.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { pause } from "../../shared/platform/retry.ts";
import { openCredentialsRequest } from "../../shared/wire/board.ts";
import type { Verified } from "../../shared/wire/board.ts";
import type { Wake } from "../wake.ts";
import { issueCredentials } from "./issue.ts";
import type { Lives } from "./issue.ts";
import type { IssuingKeys } from "./keys.ts";
import { listedParties } from "./parties.ts";
import type { ListedParty } from "./parties.ts";
import type { BrokerLink } from "./rpc/broker-link.ts";

const RETRY_MS = 1_000;
/** A party may ask as soon as the broker has the directive that admits it, and be faster than the directive is here. */
const DIRECTIVE_MS = 2_000;

export type RequestParts = {
  readonly broker: Pick<BrokerLink, "requests" | "putCredentials">;
  readonly keys: IssuingKeys;
  readonly federation: () => Federation;
  /** Woken at each new directive. */
  readonly directives: Wake;
  readonly lives: Lives;
  readonly clock: Clock;
  readonly log: Log;
};

type ProvenRequest = Verified<CredentialsRequest> & { readonly party: ListedParty };

export class RequestDesk {
  readonly #parts: RequestParts;
  /** When the last request that was answered was made, by key id. */
  readonly #answered = new Map<string, number>();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { broker, log } = this.#parts;
    while (!signal.aborted) {
      try {
        for await (const request of broker.requests(signal)) await this.#answer(request, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isCausewayError(error)) throw error;
        if (error.code !== "UNAVAILABLE") log.error("registrar.requestsLost", error);
      }
      await pause(RETRY_MS, signal);
    }
  }

  async #answer(signed: Uint8Array, signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#issue(signed, signal);
    } catch (error) {
      // What did not reach the broker is asked for again when it is back; what we refuse is refused.
      if (!isCausewayError(error) || error.code === "UNAVAILABLE" || error.code === "INTERNAL") throw error;
      log.warn("registrar.refused", { code: error.code });
    }
  }

  async #issue(signed: Uint8Array, signal: AbortSignal): Promise<void> {
    const { keys, lives, clock, log } = this.#parts;
    const { value: request, party, keyId } = await this.#read(signed, signal);
    const { requestedAtMs } = request;
    const nowMs = clock();
    const oldestMs = Math.max(nowMs - CREDENTIALS_REQUEST_AGE_MS_MAX, this.#answered.get(keyId) ?? 0);
    if (requestedAtMs > nowMs + AHEAD_MS_MAX || requestedAtMs < oldestMs) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the request is not of now, or older than one that was answered");
    }
    const credentials = await issueCredentials({ keys, party, request, lives, nowMs });
    await this.#parts.broker.putCredentials(keyId, credentials, signal);
    this.#answered.set(keyId, requestedAtMs);
    const member = party.identity.kind === "member" ? { member: party.identity.member } : {};
    log.info("registrar.issued", { party: party.identity.kind, ...member });
  }

  async #read(signed: Uint8Array, signal: AbortSignal): Promise<ProvenRequest> {
    const { directives, clock } = this.#parts;
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
