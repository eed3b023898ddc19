/** The session's cookie. With https it has the prefix that browsers give to nobody but this very host. */
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SESSION_LIFE_MS } from "../limits.ts";
import type { Request } from "../request.ts";

export class SessionCookie {
  readonly #name: string;
  readonly #secure: boolean;

  constructor(name: string, origin: string) {
    this.#secure = origin.startsWith("https:");
    this.#name = this.#secure ? `__Host-${name}` : name;
  }

  read(c: Request): string | undefined {
    return getCookie(c, this.#name);
  }

  write(c: Request, token: string): void {
    setCookie(c, this.#name, token, {
      ...this.#scope,
      httpOnly: true,
      sameSite: "Strict",
      maxAge: SESSION_LIFE_MS / 1_000,
    });
  }

  erase(c: Request): void {
    deleteCookie(c, this.#name, this.#scope);
  }

  get #scope(): { readonly path: string; readonly secure: boolean } {
    return { path: "/", secure: this.#secure };
  }
}
