/**
 * An administrator's contributions to the salts of an epoch, between pledge and opening: a file that only its owner can read, in the
 * administrator's own directory. Whoever reads it early, from every contributor, knows the salts; one alone says nothing about them.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { CONTRIBUTION_BYTES } from "../../shared/crypto/salt.ts";
import { destroySecret, readSecretText, replaceFile } from "../../shared/party/key-files.ts";
import { keyFile } from "../../shared/party/files.ts";
import { check } from "../../shared/wire/checks.ts";

export type Contributions = {
  readonly parts: ReadonlyMap<Domain, Uint8Array>;
  /** Hash of all pledges as they stood when ours was revealed, in hexadecimal; undefined before. See `ceremony.ts`. */
  readonly closedSet?: string | undefined;
};

const fileSchema = z.strictObject({
  parts: z.array(z.strictObject({ domain: z.enum(DOMAINS), contribution: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
  closedSet: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** Undefined if nothing was pledged here. Throws ENVIRONMENT for loose permissions, INVALID for a broken file. */
export function readContributions(dir: string, epoch: number): Contributions | undefined {
  const path = pathOf(dir, epoch);
  if (!existsSync(path)) return undefined;
  const { parts, closedSet } = check(fileSchema, parse(readSecretText(path)), "file of contributions");
  return { parts: new Map(parts.map(({ domain, contribution }) => [domain, fromHex(contribution)])), closedSet };
}

export function writeContributions(dir: string, epoch: number, { parts, closedSet }: Contributions): void {
  const list = [...parts].map(([domain, contribution]) => ({ domain, contribution: toHex(contribution) }));
  replaceFile(pathOf(dir, epoch), JSON.stringify({ parts: list, ...(closedSet && { closedSet }) }), 0o600);
}

/** Once the epoch is open, or the number was given up. */
export function destroyContributions(dir: string, epoch: number): void {
  const parts = readContributions(dir, epoch)?.parts.size ?? 0;
  // Longer than the file: what matters is that no byte of it stays.
  destroySecret(pathOf(dir, epoch), (parts + 1) * 4 * CONTRIBUTION_BYTES);
}

function pathOf(dir: string, epoch: number): string {
  return keyFile(dir, `contributions-${epoch}.json`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CausewayError("INVALID", "the file of contributions is not JSON");
  }
}
