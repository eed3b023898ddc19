/**
 * The NATS servers' own account: reading and replacing the account JWTs that they hold, and having the servers read their
 * files again. Only the registrar has credentials for it. A server takes an account that the operator's key has signed, from whomever
 * it comes, and acts on it at once.
 */
import { RequestStrategy } from "nats";
import { CausewayError } from "../core/errors.ts";
import { openNats, rethrow } from "./nats.ts";
import type { NatsOptions, OpenNats } from "./nats.ts";

const ANSWER_MS = 3_000;
const ALL_ANSWERS_MS = 1_000;
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

  /** When the certificate ends that each server of the cluster serves which answers. Throws UNAVAILABLE, also when one does not say. */
  async certificateEndsMs(): Promise<readonly number[]> {
    const ends = (await this.#servers()).map(({ data }) => Date.parse(String(data?.["tls_cert_not_after"])));
    if (ends.length === 0 || ends.some(Number.isNaN))
      throw new CausewayError("UNAVAILABLE", "a NATS server does not say what it serves");
    return ends;
  }

  /** Has each server read its configuration and certificate again; connections stay. Throws UNAVAILABLE. */
  async reload(): Promise<void> {
    const ids = (await this.#servers()).map(({ server }) => server?.id ?? "");
    for (const id of ids) {
      const answer = await this.#request(`$SYS.REQ.SERVER.${id}.RELOAD`, "");
      if (read(answer).error !== undefined)
        throw new CausewayError("UNAVAILABLE", "a NATS server does not read its files again");
    }
  }

  /** Nobody says how many servers there are: those count that answer in time. */
  async #servers(): Promise<Answer[]> {
    if (!this.connected) throw new CausewayError("UNAVAILABLE", "no NATS server is connected");
    const { connection } = this.#open;
    const asked = { strategy: RequestStrategy.Timer, maxWait: ALL_ANSWERS_MS };
    const answers: Answer[] = [];
    const answering = await connection.requestMany("$SYS.REQ.SERVER.PING.VARZ", "", asked).catch(rethrow);
    for await (const { data } of answering) answers.push(read(new TextDecoder().decode(data)));
    return answers;
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

type Answer = {
  readonly server?: { readonly id: string };
  readonly data?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
};

/** Empty for an answer that is not JSON. */
function read(answer: string): Answer {
  try {
    return JSON.parse(answer) as Answer;
  } catch {
    return {};
  }
}
