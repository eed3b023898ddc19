/** What a request carries with it, and how it is read. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { Asked } from "./page.ts";
import type { SignedIn } from "./session/sessions.ts";

export type WebEnvironment = {
  readonly Bindings: HttpBindings;
  /** Set for everything behind the sign-in. */
  readonly Variables: { signedIn: SignedIn };
};

export type Request = Context<WebEnvironment>;

/** Where the request came from. Behind a proxy that is the proxy: what a header claims is anybody's. */
export function addressOf(c: Request): string {
  return c.env.incoming.socket.remoteAddress ?? "unknown";
}

/** Behind the sign-in: what a page is made of. */
export function askedOf(c: Request, nowMs: number): Asked {
  return {
    ...c.var.signedIn,
    nowMs,
    parameter: (name) => c.req.param(name) ?? "",
    query: (name) => c.req.query(name),
  };
}

/** The fields of a form that was sent. Files are no fields. */
export async function fieldsOf(c: Request): Promise<(name: string) => string> {
  const fields = await c.req.parseBody();
  return (name) => {
    const value = fields[name];
    return typeof value === "string" ? value : "";
  };
}

/** The object that was sent as JSON; an empty one for anything else. */
export async function jsonOf(c: Request): Promise<Record<string, unknown>> {
  const value: unknown = await c.req.json().catch(() => undefined);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function wantsStream(c: Request): boolean {
  return c.req.header("accept") === "text/event-stream";
}
