/**
 * The NATS servers of the federation: what the registrar keeps of each, and how those of a cluster know each other. They have no place in the
 * chain: the board's word for one is that somebody compared its enrolment's fingerprint here.
 *
 * The servers of a cluster know each other by their keys (`nats-servers.json`) and not by the authority that signed them: whoever speaks to
 * a server as another server sees and may do everything, and each member has a certificate by the same authority.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPublicText, replaceFile } from "../../shared/party/key-files.ts";
import { certificateDer, keyFingerprint } from "../../shared/platform/tls.ts";
import { slug } from "../../shared/wire/checks.ts";
import { natsServerDirectory } from "./keys.ts";

const FURTHER = "nats-servers";
const LIST = "nats-servers.json";
/** How a server is called that says nothing else. */
const FIRST = "nats";

/** What stands in `nats-servers.json`: all of it public. */
export type NatsServers = {
  /** SHA-256 of each server's public key (SubjectPublicKeyInfo), hexadecimal. */
  readonly keys: readonly string[];
};

/** Where request and certificate of the server of this name lie in the registrar's directory. Throws INVALID for what is no name. */
export function natsServerPlace(dir: string, name: string): string {
  if (name === FIRST) return natsServerDirectory(dir);
  if (!slug.safeParse(name).success)
    throw new CausewayError("INVALID", "the name of a NATS server is of small letters, digits and hyphens", {
      fields: ["enrolment.name"],
    });
  return join(dir, FURTHER, name);
}

/** Of every server. */
export function natsServerDirectories(dir: string): string[] {
  const further = join(dir, FURTHER);
  const names = existsSync(further) ? readdirSync(further).toSorted() : [];
  const first = natsServerDirectory(dir);
  return [...(existsSync(first) ? [first] : []), ...names.map((name) => join(further, name))];
}

/** Writes `nats-servers.json` and answers with its path. */
export function writeNatsServers(dir: string): string {
  const path = join(dir, LIST);
  const keys = natsServerDirectories(dir).flatMap((place) => {
    const key = keyFingerprint(certificateDer(readPublicText(partyFile(place, "certificate"))));
    return key === undefined ? [] : [key];
  });
  replaceFile(path, `${JSON.stringify({ keys } satisfies NatsServers, undefined, 2)}\n`, 0o644);
  return path;
}
