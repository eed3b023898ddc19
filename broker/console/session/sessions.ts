/**
 * Sessions of the console. The browser holds 32 random bytes in a cookie, the store their hash. A session ends when its owner or
 * an administrator ends it, when nobody has used it for a while, at the end of its life, and as soon as its owner has no seat any
 * more; whoever listens (the event streams) is told at once.
 */
import { toHex, utf8, lpText } from "../../../shared/core/bytes.ts";
import { blake2b } from "../../../shared/crypto/hash.ts";
import { randomBytes } from "../../../shared/world/random.ts";
import type { Clock } from "../../../shared/world/clock.ts";
import { SESSION_IDLE_MS, SESSION_LIFE_MS, SESSION_TOUCH_MS } from "../limits.ts";
import type { Accounts, Session, SignInMethod } from "../store/accounts.ts";
import type { People, Person } from "./people.ts";

export type SignedIn = { readonly session: Session; readonly person: Person };

const TOKEN_BYTES = 32;
const ID_BYTES = 8;

export class Sessions {
  readonly #accounts: Accounts;
  readonly #people: People;
  readonly #clock: Clock;
  /** Aborted when the session of that id ends. */
  readonly #endings = new Map<string, AbortController>();

  constructor(accounts: Accounts, people: People, clock: Clock) {
    this.#accounts = accounts;
    this.#people = people;
    this.#clock = clock;
  }

  /** Starts a session; returns the secret for the cookie. */
  start(user: string, method: SignInMethod, address: string): string {
    const token = Buffer.from(randomBytes(TOKEN_BYTES)).toString("base64url");
    const nowMs = this.#clock();
    const id = toHex(randomBytes(ID_BYTES));
    const session = { id, user, method, address, startedAtMs: nowMs, usedAtMs: nowMs };
    this.#accounts.addSession(session, hashOf(token));
    return token;
  }

  /** Whose cookie this is. Counts as use. */
  use(token: string): SignedIn | undefined {
    const session = this.#accounts.sessionByToken(hashOf(token));
    if (session === undefined) return undefined;
    const person = this.#holderOf(session);
    if (person === undefined) return undefined;
    const nowMs = this.#clock();
    if (nowMs - session.usedAtMs >= SESSION_TOUCH_MS) this.#accounts.touchSession(session.id, nowMs);
    return { session, person };
  }

  /** Whose session this is, if it goes on. Not a use. */
  find(id: string): SignedIn | undefined {
    const session = this.#accounts.session(id);
    const person = session === undefined ? undefined : this.#holderOf(session);
    return session === undefined || person === undefined ? undefined : { session, person };
  }

  /** All that go on, newest first. */
  all(): SignedIn[] {
    return this.#accounts.sessions().flatMap((session) => {
      const person = this.#holderOf(session);
      return person === undefined ? [] : [{ session, person }];
    });
  }

  /** Aborts when the session ends. */
  ending(id: string): AbortSignal {
    const known = this.#endings.get(id) ?? new AbortController();
    this.#endings.set(id, known);
    if (this.find(id) === undefined) this.end(id);
    return known.signal;
  }

  end(id: string): void {
    this.#accounts.removeSession(id);
    this.#endings.get(id)?.abort();
    this.#endings.delete(id);
  }

  endAllOf(user: string): void {
    for (const session of this.#accounts.sessions()) if (session.user === user) this.end(session.id);
  }

  /** Ends whatever has run out or belongs to somebody without a seat. */
  sweep(): void {
    for (const session of this.#accounts.sessions()) this.#holderOf(session);
  }

  #holderOf(session: Session): Person | undefined {
    const nowMs = this.#clock();
    const over = nowMs - session.usedAtMs >= SESSION_IDLE_MS || nowMs - session.startedAtMs >= SESSION_LIFE_MS;
    const person = over ? undefined : this.#people.find(session.user);
    if (person === undefined) this.end(session.id);
    return person;
  }
}

function hashOf(token: string): Uint8Array {
  return blake2b(32, lpText("causeway/console-session/v1"), utf8(token.slice(0, 100)));
}
