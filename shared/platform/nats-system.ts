/**
 * The NATS servers' own account: reading and replacing the account JWTs that they hold, and having the server that is connected read its
 * files again. Only the registrar has credentials for it. A server takes an account that the operator's key has signed, from whomever
 * it comes, and acts on it at once.
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
    if (read(answer).data?.["code"] !== TAKEN)
      throw new CausewayError("UNAVAILABLE", "the NATS server does not take the account");
  }

  /** When the certificate ends that the connected server serves. Throws UNAVAILABLE, also when it does not say. */
  async certificateEndsMs(): Promise<number> {
    const { data } = read(await this.#ofServer("VARZ"));
    const endsMs = Date.parse(String(data?.["tls_cert_not_after"]));
    if (Number.isNaN(endsMs)) throw new CausewayError("UNAVAILABLE", "the NATS server does not say what it serves");
    return endsMs;
  }

  /** Has the connected server read its configuration and certificate again; connections stay. Throws UNAVAILABLE. */
  async reload(): Promise<void> {
    const answer = await this.#ofServer("RELOAD");
    if (read(answer).error !== undefined)
      throw new CausewayError("UNAVAILABLE", "the NATS server does not read its files again");
  }

  async #ofServer(what: "VARZ" | "RELOAD"): Promise<string> {
    const server = this.#open.connection.info?.server_id ?? "";
    return await this.#request(`$SYS.REQ.SERVER.${server}.${what}`, "");
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

type Answer = { readonly data?: Readonly<Record<string, unknown>>; readonly error?: unknown };

/** Empty for an answer that is not JSON. */
function read(answer: string): Answer {
  try {
    return JSON.parse(answer) as Answer;
  } catch {
    return {};
  }
}
