/** What keeps a NATS connection from standing that its client does not say: a certificate or a user that has ended. For words, not for trust. */
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { CertificateEnded } from "../core/certificate-ended.ts";
import { systemClock } from "../world/clock.ts";
import { systemTimers } from "../world/world.ts";

const LOOK_MS = 5_000;
const JWT_IN_FILE = /-----BEGIN NATS USER JWT-----\s+(\S+)\s/;

/** That the server's certificate has ended, if it has; undefined also where nobody answers. `url`: `tls://host:port`. */
export async function endedServer(url: string, until?: AbortSignal): Promise<CertificateEnded | undefined> {
  const { hostname: host, port } = new URL(url);
  const socket = connectTcp({ host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) });
  const limit = new AbortController();
  const callOff = systemTimers.after(LOOK_MS, () => limit.abort());
  const signal = until === undefined ? limit.signal : AbortSignal.any([limit.signal, until]);
  try {
    // A NATS server first says what it is in a line of text, then speaks TLS.
    await once(socket, "data", { signal });
    const secure = connectTls({ socket, rejectUnauthorized: false, minVersion: "TLSv1.3" });
    await once(secure, "secureConnect", { signal });
    const untilMs = Date.parse(secure.getPeerCertificate().valid_to);
    return untilMs <= systemClock() ? new CertificateEnded("the certificate of the NATS server", untilMs) : undefined;
  } catch {
    return undefined;
  } finally {
    callOff();
    socket.destroy();
  }
}

/** That the NATS user has ended, if it has. `creds`: text of the credentials file, or what reads it. */
export function endedUser({ creds }: { readonly creds: string | (() => string) }): CertificateEnded | undefined {
  const claims = JWT_IN_FILE.exec(textOf(creds))?.[1]?.split(".")[1];
  const untilMs = claims === undefined ? Number.NaN : endIn(Buffer.from(claims, "base64url").toString("utf8"));
  return untilMs <= systemClock() ? new CertificateEnded("this party's NATS user", untilMs) : undefined;
}

/** NaN for what has no end, or cannot be read. */
function endIn(claims: string): number {
  try {
    return Number((JSON.parse(claims) as { readonly exp?: number }).exp) * 1_000;
  } catch {
    return Number.NaN;
  }
}

/** Empty for a file that cannot be read: that is said where it is needed. */
function textOf(creds: string | (() => string)): string {
  try {
    return typeof creds === "string" ? creds : creds();
  } catch {
    return "";
  }
}
