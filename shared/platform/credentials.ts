/** How long a party's own certificate and NATS user hold, read from what was issued to it. */
import { decode } from "@nats-io/jwt";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { Life } from "../core/renewal.ts";
import { readEnrolment, readNatsCredentials, readTls } from "./party.ts";
import { certificateLife } from "./tls.ts";

const JWT_IN_FILE = /-----BEGIN NATS USER JWT-----\s+(\S+)\s/;

/**
 * What was issued, as installed in a party's directory. A user without an end has no life, one that is damaged is over: it is asked for
 * anew, and until then the party does what it can without NATS. Throws ENVIRONMENT, and INVALID for a damaged certificate.
 */
export function installedLives(dir: string): Life[] {
  const certificate = certificateLife(readTls(dir).certificatePem);
  if (readEnrolment(dir).enrolment.natsKey === undefined) return [certificate];
  const jwt = JWT_IN_FILE.exec(readNatsCredentials(dir))?.[1];
  try {
    return [certificate, ...natsUserLife(jwt ?? "")];
  } catch (error) {
    if (!isCausewayError(error, "INVALID")) throw error;
    return [certificate, { fromMs: 0, untilMs: 0 }];
  }
}

/** Of what was issued and is to be installed. Throws INVALID. */
export function issuedLives(of: { readonly certificatePem: string; readonly natsUserJwt: string }): Life[] {
  return [certificateLife(of.certificatePem), ...(of.natsUserJwt === "" ? [] : natsUserLife(of.natsUserJwt))];
}

function natsUserLife(jwt: string): Life[] {
  let claims: ReturnType<typeof decode>;
  try {
    claims = decode(jwt);
  } catch (cause) {
    throw new CausewayError("INVALID", "NATS user cannot be read", { cause });
  }
  return claims.exp === undefined ? [] : [{ fromMs: claims.iat * 1_000, untilMs: claims.exp * 1_000 }];
}
