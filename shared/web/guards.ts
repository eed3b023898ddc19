/**
 * What every request passes first. The adversaries: another site in the same browser (forged requests, frames, DNS rebinding), text
 * of strangers that ends up in a page (no inline script or style runs), whoever reads a browser's cache or history later.
 */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { BODY_BYTES_MAX } from "./limits.ts";
import type { WebEnvironment } from "./request.ts";
import { say, wordFor } from "../words/say.ts";

type Guard = MiddlewareHandler<WebEnvironment>;

/** Answers under its own name only: a foreign name that leads here is how a foreign page would read ours. */
export function ownName(origin: string): Guard {
  const { host } = new URL(origin);
  return async (c, next) => {
    if (c.req.header("host") === host) return await next();
    if (c.req.method === "GET") return c.redirect(`${origin}${c.req.path}`, 308);
    return c.text(say("refusal.wrongHost"), 421);
  };
}

/**
 * Whatever changes something must come from one of our own pages. Browsers say so in headers that no script can set; `Origin` is
 * for those that do not know `Sec-Fetch-Site`. The session's cookie is SameSite=Strict besides.
 */
export function ownPages(origin: string, noun: string): Guard {
  return async (c, next) => {
    const reads = c.req.method === "GET" || c.req.method === "HEAD";
    const own = c.req.header("sec-fetch-site") === "same-origin" || c.req.header("origin") === origin;
    if (reads || own) return await next();
    return c.text(say("refusal.foreignPage", { noun: wordFor("noun", noun) }), 403);
  };
}

export const limitedBody: Guard = bodyLimit({
  maxSize: BODY_BYTES_MAX,
  onError: (c) => c.text(say("refusal.tooLarge"), 413),
});

/** Headers of every answer. Pages leave no copy; assets carry their own rule. */
export function headers(origin: string): Guard {
  const secure = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
    strictTransportSecurity: origin.startsWith("https:") ? "max-age=31536000" : false,
    permissionsPolicy: {
      camera: [],
      geolocation: [],
      microphone: [],
      payment: [],
      usb: [],
      publickeyCredentialsGet: ["self"],
    },
  });
  return async (c, next) => {
    await secure(c, next);
    if (!c.req.path.startsWith("/assets/")) c.res.headers.set("Cache-Control", "no-store");
  };
}
