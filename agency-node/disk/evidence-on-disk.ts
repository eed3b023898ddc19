/** Signed statements against an evaluator that failed its proof, kept as files for oversight: one cannot be explained away. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "../../shared/core/bytes.ts";
import type { World } from "../../shared/world/world.ts";
import type { Evidence } from "../hardening/answers.ts";
import { events } from "../events.ts";

/**
 * Writes one file for each piece of evidence, readable by its owner; it holds blinded elements and signatures, no identifier. Never
 * throws: the batch must be dropped even if the disk is full.
 */
export function evidenceOnDisk(dir: string, { clock, log }: Pick<World, "clock" | "log">) {
  return (evidence: Evidence): void => {
    const { evaluator, fault } = evidence;
    events.evaluator.unproven(log, { evaluator, fault });
    try {
      writeEvidence(dir, evidence, clock());
    } catch (error) {
      events.evidence.lost(log, error, { evaluator, fault });
    }
  };
}

function writeEvidence(dir: string, evidence: Evidence, atMs: number): void {
  const folder = join(dir, "evidence");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ atMs, ...evidence }, (_, value: unknown) =>
    value instanceof Uint8Array ? toHex(value) : value,
  );
  writeFileSync(join(folder, `${atMs}-${toHex(evidence.batchId)}-${evidence.evaluator}.json`), text, { mode: 0o600 });
}
