/**
 * Keeps the NATS servers' accounts as the chain has it: open for members in good standing under their present keys, closed for
 * everybody else. Compared with what the servers hold at every start, at every connection and every directive, so that nothing depends on
 * having been there when it was decided.
 */
import { decode } from "@nats-io/jwt";
import type { SignedDirective, Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { NatsSystem } from "../../shared/platform/nats-system.ts";
import { pause } from "../../shared/platform/retry.ts";
import { Wake } from "../wake.ts";
import { issueMemberAccount, issueSystemCredentials, memberAccount, SYSTEM_INBOX_PREFIX } from "./nats-accounts.ts";
import type { NatsAuthority } from "./nats-accounts.ts";
import { accountStandings } from "./parties.ts";
import type { AccountStanding } from "./parties.ts";

export type AccountParts = {
  readonly url: string;
  readonly roots: () => string;
  readonly authority: NatsAuthority;
  readonly chain: () => { readonly directives: readonly SignedDirective[]; readonly federation: Federation };
  readonly clock: Clock;
  readonly log: Log;
};

const RETRY_MS = 1_000;
const REFUSED_MS = 10_000;
/** Servers may be restored from a backup behind our back. */
const LOOK_AGAIN_MS = 60_000;
const HOUR_MS = 3_600_000;
const SYSTEM_USER_MS = 24 * HOUR_MS;

export class AccountKeeper {
  readonly #parts: AccountParts;
  readonly #wake = new Wake();
  #credentials = "";
  #credentialsMadeMs = 0;

  constructor(parts: AccountParts) {
    this.#parts = parts;
  }

  /** There is a new directive. */
  wake(): void {
    this.#wake.set();
  }

  /** Until the signal aborts; waits for NATS as long as it takes. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#keep(signal);
      } catch (error) {
        if (signal.aborted) return;
        const refused = isCausewayError(error, "UNAUTHENTICATED");
        if (!refused && !isCausewayError(error, "UNAVAILABLE")) throw error;
        this.#parts.log.error(refused ? "registrar.natsRefuses" : "registrar.natsAway", error);
        await pause(refused ? REFUSED_MS : RETRY_MS, signal);
      }
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { url, roots, log } = this.#parts;
    await this.#renewCredentials();
    await using system = await NatsSystem.connect({
      url,
      creds: () => this.#credentials,
      roots: roots(),
      inboxPrefix: SYSTEM_INBOX_PREFIX,
      name: "causeway-registrar",
      signal,
      log,
      onReconnect: () => this.#wake.set(),
    });
    while (!signal.aborted) {
      await this.#renewCredentials();
      await this.#compareAll(system).catch((error: unknown) => this.#afterFailure(error, signal));
      await this.#wake.wait(LOOK_AGAIN_MS, signal);
    }
  }

  /** Within one connection, which comes back by itself. */
  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    if (!isCausewayError(error, "UNAVAILABLE")) throw error;
    if (signal.aborted) return;
    this.#parts.log.error("registrar.accountsBehind", error);
    await pause(RETRY_MS, signal);
    this.#wake.set();
  }

  async #compareAll(system: NatsSystem): Promise<void> {
    const { directives, federation } = this.#parts.chain();
    const standings = accountStandings(directives, federation);
    // Whoever is out goes first.
    const closedFirst = standings.toSorted((a, b) => a.state.localeCompare(b.state));
    for (const standing of closedFirst) await this.#compare(system, standing);
  }

  async #compare(system: NatsSystem, standing: AccountStanding): Promise<void> {
    const { authority, log } = this.#parts;
    const account = memberAccount(authority, standing);
    const jwt = await issueMemberAccount(authority, standing, standing.state);
    if (sameClaims(await system.heldAccount(account), jwt)) return;
    await system.replaceAccount(jwt);
    if (!sameClaims(await system.heldAccount(account), jwt)) {
      throw new CausewayError("UNAVAILABLE", "the NATS server took an account and holds another");
    }
    log.info("registrar.account", { member: standing.member, state: standing.state });
  }

  async #renewCredentials(): Promise<void> {
    const nowMs = this.#parts.clock();
    if (nowMs - this.#credentialsMadeMs < HOUR_MS) return;
    this.#credentials = await issueSystemCredentials(this.#parts.authority, nowMs + SYSTEM_USER_MS);
    this.#credentialsMadeMs = nowMs;
  }
}

/** Whether two account JWTs say the same, whenever they were made. */
function sameClaims(held: string | undefined, wanted: string): boolean {
  return held !== undefined && JSON.stringify(decode(held).nats) === JSON.stringify(decode(wanted).nats);
}
