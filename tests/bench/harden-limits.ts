/** What libsodium's primitives alone allow, and what the real thing takes. */
import { readFileSync } from "node:fs";
import { randomBytes } from "../../shared/world/random.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { coreSeconds, processorSecondsOf } from "./measure.ts";

const SCALAR = sodium.crypto_core_ristretto255_scalar_random();
const ELEMENT = sodium.crypto_core_ristretto255_random();
const UNIFORM = randomBytes(64);

/** Seconds of a core for each element at a node: one from_hash and two multiplications. No hashing, adding, proofs or sending. */
export function nodeLimitSeconds(elements: number): number {
  return perElement(elements, () => {
    sodium.crypto_core_ristretto255_from_hash(UNIFORM);
    sodium.crypto_scalarmult_ristretto255(SCALAR, ELEMENT);
    sodium.crypto_scalarmult_ristretto255(SCALAR, ELEMENT);
  });
}

/** Seconds of a core for each element at an evaluator: one point check and one multiplication. */
export function evaluatorLimitSeconds(elements: number): number {
  return perElement(elements, () => {
    sodium.crypto_core_ristretto255_is_valid_point(ELEMENT);
    sodium.crypto_scalarmult_ristretto255(SCALAR, ELEMENT);
  });
}

function perElement(elements: number, work: () => void): number {
  const seconds = coreSeconds(() => {
    for (let i = 0; i < elements; i += 1) work();
  });
  return seconds / elements;
}

/** Seconds of processor time so far: all threads of this process, and of its workers that run now. */
export function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000 + workerSeconds();
}

/** Linux tells of children; elsewhere it throws. */
function workerSeconds(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  const workers = children.filter((pid) => pid !== "" && commandOf(pid).endsWith("-worker.ts"));
  return workers.reduce((sum, pid) => sum + processorSecondsOf(Number(pid)), 0);
}

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0$/, "");
}
