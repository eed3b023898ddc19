/**
 * Sessions. The browser holds 32 random bytes in a cookie, the store their hash. A session ends when its owner, or somebody who is over
 * others, ends it, when nobody has used it for a while, at the end of its life, and as soon as its owner is not in good standing any
 * more; whoever listens (the event streams) is told at once.
 */
import { toHex, utf8, lpText } from "../../core/bytes.ts";
import { blake2b } from "../../crypto/hash.ts";
import type { World } from "../../world/world.ts";
import { SESSION_IDLE_MS, SESSION_LIFE_MS, SESSION_TOUCH_MS } from "../limits.ts";
import type { Accounts, Session, SignInMethod } from "../store/accounts.ts";
import type { People, Person } from "./people.ts";

export type SignedIn = { readonly session: Session; readonly person: Person };

const TOKEN_BYTES = 32;
const ID_BYTES = 8;

export class Sessions {
  readonly #accounts: Accounts;
  readonly #people: People;
  readonly #noun: string;
  readonly #world: Pick<World, "clock" | "randomBytes">;
  /** Aborted when the session of that id ends. */
  readonly #endings = new Map<string, AbortController>();

  /** `noun`: the site's. What a cookie is of stands in its hash. */
  constructor(of: {
    readonly accounts: Accounts;
    readonly people: People;
    readonly noun: string;
    readonly world: Pick<World, "clock" | "randomBytes">;
  }) {
    this.#accounts = of.accounts;
    this.#people = of.people;
    this.#noun = of.noun;
    this.#world = of.world;
  }

  /** Starts a session; returns the secret for the cookie. */
  start(user: string, method: SignInMethod, address: string): string {
    const token = Buffer.from(this.#world.randomBytes(TOKEN_BYTES)).toString("base64url");
    const nowMs = this.#world.clock();
    const id = toHex(this.#world.randomBytes(ID_BYTES));
    const session = { id, user, method, address, startedAtMs: nowMs, usedAtMs: nowMs };
    this.#accounts.addSession(session, this.#hashOf(token));
    return token;
  }

  /** Whose cookie this is. Counts as use. */
  use(token: string): SignedIn | undefined {
    const session = this.#accounts.sessionByToken(this.#hashOf(token));
    if (session === undefined) return undefined;
    const person = this.#holderOf(session);
    if (person === undefined) return undefined;
    const nowMs = this.#world.clock();
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

  /** Ends whatever has run out or belongs to somebody who is not in good standing. */
  sweep(): void {
    for (const session of this.#accounts.sessions()) this.#holderOf(session);
  }

  #holderOf(session: Session): Person | undefined {
    const nowMs = this.#world.clock();
    const over = nowMs - session.usedAtMs >= SESSION_IDLE_MS || nowMs - session.startedAtMs >= SESSION_LIFE_MS;
    const person = over ? undefined : this.#people.find(session.user);
    if (person === undefined) this.end(session.id);
    return person;
  }

  #hashOf(token: string): Uint8Array {
    return blake2b(32, lpText(`causeway/${this.#noun}-session/v1`), utf8(token.slice(0, 100)));
  }
}
