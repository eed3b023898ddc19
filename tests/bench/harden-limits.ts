/** What libsodium's primitives alone allow, and what the real thing takes. */
import { readFileSync } from "node:fs";
import { randomBytes } from "../../shared/crypto/random.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { coreSeconds } from "./measure.ts";

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

/** Linux tells of children; elsewhere it throws. Its clock ticks a hundred times a second. */
function workerSeconds(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  const workers = children.filter((pid) => pid !== "" && commandOf(pid).endsWith("-worker.ts"));
  const ticks = workers.map((pid) => {
    // Fields 14 and 15, user and system; the second one is a name, which may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0$/, "");
}
