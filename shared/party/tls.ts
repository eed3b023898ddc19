/** What a party shows and believes in a TLS handshake. Loads no cryptography: a command that only calls its node needs no more. */
import { keyFile, partyFile } from "./files.ts";
import { readPublicText, readSecretText } from "./key-files.ts";

/** PEM texts for a TLS server or client. Throws ENVIRONMENT. */
export function readTls(dir: string): {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly rootsPem: string;
} {
  return {
    privateKeyPem: readSecretText(keyFile(dir, "tls.key")),
    certificatePem: readPublicText(partyFile(dir, "certificate")),
    rootsPem: readPublicText(partyFile(dir, "roots")),
  };
}
