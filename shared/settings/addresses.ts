/** Forms of addresses in settings. */
import { z } from "zod";

/** A NATS server, always over TLS; a user does not stand in it. */
export const natsAddress = z.string().regex(/^tls:\/\/[^\s/@]+:[0-9]{1,5}$/, "must be tls://host:port");
