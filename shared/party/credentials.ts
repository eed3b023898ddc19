/** A party's own certificate and NATS user as they were issued to it, and how long they hold. */
import { decode } from "@nats-io/jwt";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { Life } from "../core/renewal.ts";
import { certificateLife } from "../platform/tls.ts";
import { readEnrolment } from "./enrolment.ts";
import { partyFile } from "./files.ts";
import { readSecretText } from "./key-files.ts";
import { readTls } from "./tls.ts";

const JWT_IN_FILE = /-----BEGIN NATS USER JWT-----\s+(\S+)\s/;

/** Text of the NATS credentials. Throws ENVIRONMENT. */
export function readNatsCredentials(dir: string): string {
  return readSecretText(partyFile(dir, "credentials"));
}

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
