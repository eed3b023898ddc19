/** Forms of addresses in settings. */
import { z } from "zod";
import { addressesIn } from "../core/addresses.ts";
import type { Federation } from "../core/directive.ts";

/** Where the NATS servers are: where the board says they are, and until it has said so where these settings do; separated by commas. */
export function natsUrlIn({ natsAddress }: Pick<Federation, "natsAddress">, own: string): string {
  return natsAddress === undefined
    ? own
    : addressesIn(natsAddress)
        .map((each) => `tls://${each}`)
        .join(",");
}

const NATS_URL = "tls:\\/\\/[^\\s/@,]+:[0-9]{1,5}";

/** A NATS server, always over TLS; a user does not stand in it. Or several servers of one cluster, separated by commas. */
export const natsAddress = z
  .string()
  .regex(new RegExp(`^${NATS_URL}(?:,${NATS_URL}){0,7}$`), "must be tls://host:port, or several separated by commas");
