/** A party's own keys, read from its directory, made for what is to come, and destroyed when their time is over. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { generateKeyShare, publicKeyOf } from "../crypto/oprf.ts";
import { randomBytes } from "../world/random.ts";
import { sealingKeyPair } from "../crypto/seal.ts";
import type { SealingKeyPair } from "../crypto/seal.ts";
import { signingKeyPair } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { keyFile } from "./files.ts";
import { destroySecret, readSecret, writeNewSecret } from "./key-files.ts";

const SEED_BYTES = 32;
const SHARE_BYTES = 32;
/** A federation is founded with it. */
const FIRST_GENERATION = 1;

export function readSigningKeys(dir: string): SigningKeyPair {
  return signingKeyPair(readSecret(keyFile(dir, "signing.key"), SEED_BYTES));
}

/** A node's or administrator's sealing keys; with an epoch, the broker's of that epoch. */
export function readSealingKeys(dir: string, epoch?: number): SealingKeyPair {
  return sealingKeyPair(readSecret(keyFile(dir, sealingKeyName(epoch)), SEED_BYTES));
}

/** Makes the sealing key of an epoch to come, unless there is one, and returns its public half. */
export function prepareSealingKey(dir: string, epoch: number): Uint8Array {
  const file = keyFile(dir, sealingKeyName(epoch));
  if (!existsSync(file)) writeNewSecret(file, randomBytes(SEED_BYTES));
  return readSealingKeys(dir, epoch).publicKey;
}

/** Epochs of which there is a sealing key of their own, highest first. */
export function sealingKeyEpochs(dir: string): number[] {
  const epochs = readdirSync(join(dir, "keys")).map((name) =>
    Number(/^sealing-([1-9][0-9]{0,9})\.key$/.exec(name)?.[1]),
  );
  return epochs.filter((epoch) => !Number.isNaN(epoch)).sort((a, b) => b - a);
}

/**
 * Destroys a sealing key: what was sealed to it cannot be opened again, by anybody who did not copy it before. The first key of a node
 * has no epoch.
 */
export function destroySealingKey(dir: string, epoch?: number): void {
  destroySecret(keyFile(dir, sealingKeyName(epoch)), SEED_BYTES);
}

function sealingKeyName(epoch?: number): string {
  return epoch === undefined ? "sealing.key" : `sealing-${epoch}.key`;
}

/** An evaluator's key share of a generation, a scalar of 32 bytes. */
export function readKeyShare(dir: string, generation = FIRST_GENERATION): Uint8Array {
  return readSecret(keyFile(dir, shareName(generation)), SHARE_BYTES);
}

/** Makes the key share of a generation to come, unless there is one, and returns its public half. */
export function prepareKeyShare(dir: string, generation: number): Uint8Array {
  const file = keyFile(dir, shareName(generation));
  if (!existsSync(file)) writeNewSecret(file, generateKeyShare(randomBytes(64)));
  return publicKeyOf(readKeyShare(dir, generation));
}

/** Generations of which there is a key share, lowest first. */
export function keyShareGenerations(dir: string): number[] {
  const generations = readdirSync(join(dir, "keys")).map((name) =>
    name === shareName(FIRST_GENERATION) ? FIRST_GENERATION : Number(/^share-([1-9][0-9]{0,9})\.key$/.exec(name)?.[1]),
  );
  return generations.filter((generation) => !Number.isNaN(generation)).sort((a, b) => a - b);
}

/** Destroys a key share: nobody who did not copy it can evaluate under its generation again. */
export function destroyKeyShare(dir: string, generation: number): void {
  destroySecret(keyFile(dir, shareName(generation)), SHARE_BYTES);
}

function shareName(generation: number): string {
  return generation === FIRST_GENERATION ? "share.key" : `share-${generation}.key`;
}

/** 32 bytes that encrypt a node's own columns, or from which it derives its records' conversation keys. */
export function readStorageKey(dir: string, use: "database" | "conversation"): Uint8Array {
  return readSecret(keyFile(dir, `${use}.key`), SEED_BYTES);
}
