/** What a request of the console carries with it. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { SignedIn } from "./session/sessions.ts";

export type ConsoleEnvironment = {
  readonly Bindings: HttpBindings;
  /** Set for everything behind the sign-in. */
  readonly Variables: { signedIn: SignedIn };
};

/** Where the request came from. Behind a proxy that is the proxy: what a header claims is anybody's. */
export function addressOf(c: Context<ConsoleEnvironment>): string {
  return c.env.incoming.socket.remoteAddress ?? "unknown";
}
