/**
 * Keeps the NATS servers' accounts as the chain has it: open for members in good standing under their present keys, closed for
 * everybody else. Compared with what the servers hold at every start, at every connection and every directive, so that nothing depends on
 * having been there when it was decided.
 */
import { decode } from "@nats-io/jwt";
import type { Federation, SignedDirective } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause, unlessAborted, within } from "../../shared/world/wait.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { issueMemberAccount, issueSystemCredentials, memberAccount } from "./nats-accounts.ts";
import type { NatsAuthority } from "./nats-accounts.ts";
import { accountStates } from "./parties.ts";
import type { AccountState } from "./parties.ts";
import type { ConnectNats, NatsPort } from "./ports.ts";
import { events } from "./events.ts";

export type AccountParts = {
  readonly connect: ConnectNats;
  readonly authority: NatsAuthority;
  readonly chain: () => { readonly directives: readonly SignedDirective[]; readonly federation: Federation };
  readonly world: Pick<World, "after" | "clock" | "log">;
};

const RETRY_MS = 1_000;
const REFUSED_MS = 10_000;
const CALL_MS = 10_000;
/** Servers may be restored from a backup behind our back. */
const LOOK_AGAIN_MS = 60_000;
const HOUR_MS = 3_600_000;
const SYSTEM_USER_MS = 24 * HOUR_MS;

export class AccountKeeper {
  readonly #parts: AccountParts;
  readonly #wake: Wake;
  #credentials = "";
  #credentialsMadeMs = 0;

  constructor(parts: AccountParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** There is a new directive. */
  wake(): void {
    this.#wake.set();
  }

  /** Until the signal aborts; waits for NATS as long as it takes. */
  async run(signal: AbortSignal): Promise<void> {
    const round = (): Promise<void> => this.#keep(signal);
    const afterFailure = (error: unknown) =>
      isCausewayError(error, "UNAUTHENTICATED")
        ? { failed: events.registrar.natsRefused, retryMs: REFUSED_MS }
        : { failed: events.registrar.natsAway, retryMs: RETRY_MS };
    await keepGoing(this.#parts.world, signal, { round, afterFailure });
  }

  async #keep(signal: AbortSignal): Promise<void> {
    await this.#renewCredentials();
    const onReconnect = (): void => this.#wake.set();
    const connecting = this.#parts.connect({ creds: () => this.#credentials, signal, onReconnect });
    await using system = await unlessAborted(connecting, signal, (late) => late[Symbol.asyncDispose]());
    while (!signal.aborted) {
      await this.#renewCredentials();
      await this.#compareAll(system, signal).catch((error: unknown) => this.#afterFailure(error, signal));
      await this.#wake.wait(LOOK_AGAIN_MS, signal);
    }
  }

  /** Within one connection, which comes back by itself. Whatever else goes wrong ends the connection. */
  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    if (!isCausewayError(error, "UNAVAILABLE")) throw error;
    if (signal.aborted) return;
    const { world } = this.#parts;
    events.registrar.accountsBehind(world.log, error);
    await pause(world, RETRY_MS, signal);
    this.#wake.set();
  }

  async #compareAll(system: NatsPort, signal: AbortSignal): Promise<void> {
    const { directives, federation } = this.#parts.chain();
    const states = accountStates(directives, federation);
    // Whoever is out goes first.
    const closedFirst = states.toSorted((a, b) => a.state.localeCompare(b.state));
    for (const wanted of closedFirst) await this.#compare(system, wanted, signal);
  }

  async #compare(system: NatsPort, wanted: AccountState, signal: AbortSignal): Promise<void> {
    const { authority, world } = this.#parts;
    const account = memberAccount(authority, wanted);
    const jwt = await issueMemberAccount(authority, wanted, wanted.state);
    const isHeld = async (): Promise<boolean> =>
      sameClaims(await within(world, CALL_MS, signal, () => system.heldAccount(account)), jwt);
    if (await isHeld()) return;
    await within(world, CALL_MS, signal, () => system.replaceAccount(jwt));
    if (!(await isHeld())) {
      throw new CausewayError("UNAVAILABLE", "the NATS server took an account and holds another");
    }
    events.registrar.accountChanged(world.log, { member: wanted.member, state: wanted.state });
  }

  async #renewCredentials(): Promise<void> {
    const nowMs = this.#parts.world.clock();
    if (nowMs - this.#credentialsMadeMs < HOUR_MS) return;
    this.#credentials = await issueSystemCredentials(this.#parts.authority, nowMs + SYSTEM_USER_MS);
    this.#credentialsMadeMs = nowMs;
  }
}

/** Whether two account JWTs say the same, whenever they were made. */
function sameClaims(held: string | undefined, wanted: string): boolean {
  return held !== undefined && JSON.stringify(decode(held).nats) === JSON.stringify(decode(wanted).nats);
}
