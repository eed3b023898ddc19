/** The session's cookie. With https it has the prefix that browsers give to nobody but this very host. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { ConsoleEnvironment } from "../environment.ts";
import { SESSION_LIFE_MS } from "../limits.ts";

export class SessionCookie {
  readonly #name: string;
  readonly #secure: boolean;

  constructor(origin: string) {
    this.#secure = origin.startsWith("https:");
    this.#name = this.#secure ? "__Host-causeway-session" : "causeway-session";
  }

  read(c: Context<ConsoleEnvironment>): string | undefined {
    return getCookie(c, this.#name);
  }

  write(c: Context<ConsoleEnvironment>, token: string): void {
    setCookie(c, this.#name, token, {
      ...this.#scope,
      httpOnly: true,
      sameSite: "Strict",
      maxAge: SESSION_LIFE_MS / 1_000,
    });
  }

  erase(c: Context<ConsoleEnvironment>): void {
    deleteCookie(c, this.#name, this.#scope);
  }

  get #scope(): { readonly path: string; readonly secure: boolean } {
    return { path: "/", secure: this.#secure };
  }
}
