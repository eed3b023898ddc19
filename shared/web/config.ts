/** What an operator can set of a site. */
import { z } from "zod";

/** host:port, an IPv6 address in brackets. */
export const listenAddress = z.string().regex(/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$/, "must be host:port");

/** Passkeys belong to a host name, and browsers allow them over https only, but for the machine itself. */
const origin = z.string().refine((text) => {
  const url = URL.parse(text);
  if (url === null || text !== url.origin || /^[0-9.]+$|^\[/.test(url.hostname)) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && url.hostname === "localhost");
}, "must be https://NAME without a path (http for localhost only)");

export const siteConfig = z
  .strictObject({
    /** Where the site listens, host:port; port 0 takes a free one. */
    listen: listenAddress,
    /** How browsers reach it, such as `https://console.example`; default `localhost` with the port above. */
    origin: origin.optional(),
    /** Certificate chain and key, PEM, for https; paths below the program's directory unless absolute. Both or neither. */
    certificate: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
  })
  .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
    path: ["key"],
    error: "and certificate go together: set both or neither",
  });

export type SiteConfig = z.infer<typeof siteConfig>;
