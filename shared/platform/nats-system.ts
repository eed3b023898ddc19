/**
 * The NATS servers' own account: reading and replacing the account JWTs that they hold. Only the registrar has credentials for it. A
 * server takes an account that the operator's key has signed, from whomever it comes, and acts on it at once.
 */
import { CausewayError } from "../core/errors.ts";
import { openNats, rethrow } from "./nats.ts";
import type { NatsOptions, OpenNats } from "./nats.ts";

const ANSWER_MS = 3_000;
const TAKEN = 200;

export class NatsSystem implements AsyncDisposable {
  readonly #open: OpenNats;

  private constructor(open: OpenNats) {
    this.#open = open;
  }

  /** Throws as `connectNats`. */
  static async connect(options: NatsOptions): Promise<NatsSystem> {
    return new NatsSystem(await openNats(options));
  }

  get connected(): boolean {
    return this.#open.watch.connected;
  }

  /** The JWT that a server holds of the account; undefined if it holds none. Throws UNAVAILABLE. */
  async heldAccount(account: string): Promise<string | undefined> {
    const answer = await this.#request(`$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`, "");
    return answer === "" ? undefined : answer;
  }

  /** Returns once a server has taken the account and ended the connections that it no longer allows. Throws UNAVAILABLE. */
  async replaceAccount(jwt: string): Promise<void> {
    const answer = await this.#request("$SYS.REQ.CLAIMS.UPDATE", jwt);
    if (codeOf(answer) !== TAKEN) throw new CausewayError("UNAVAILABLE", "the NATS server does not take the account");
  }

  async #request(subject: string, text: string): Promise<string> {
    if (!this.connected) throw new CausewayError("UNAVAILABLE", "no NATS server is connected");
    const { connection } = this.#open;
    const answer = await connection
      .request(subject, new TextEncoder().encode(text), { timeout: ANSWER_MS })
      .catch(rethrow);
    return new TextDecoder().decode(answer.data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.connection.close();
  }
}

function codeOf(answer: string): unknown {
  try {
    return (JSON.parse(answer) as { readonly data?: { readonly code?: unknown } }).data?.code;
  } catch {
    return undefined;
  }
}
