/** Forms of addresses in settings. */
import { z } from "zod";
import type { Federation } from "../core/directive.ts";

/** Where the NATS server is: where the board says it is, and until it has said so where these settings do. */
export function natsUrlIn({ natsAddress }: Pick<Federation, "natsAddress">, own: string): string {
  return natsAddress === undefined ? own : `tls://${natsAddress}`;
}

/** A NATS server, always over TLS; a user does not stand in it. */
export const natsAddress = z.string().regex(/^tls:\/\/[^\s/@]+:[0-9]{1,5}$/, "must be tls://host:port");
