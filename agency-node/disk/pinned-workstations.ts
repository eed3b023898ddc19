/**
 * The workstations that the unit has pinned: `workstations.json` in the node's directory, from name to fingerprint. Whoever can write it
 * decides who may use the node from elsewhere, so it must be as closed as a key. The node reads it whenever it matters.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { readSecretText, replaceFile } from "../../shared/party/key-files.ts";
import type { Log } from "../../shared/world/log.ts";
import { events } from "../events.ts";
import { fingerprintText, workstationName } from "../workstation.ts";

const FILE = "workstations.json";
/** So many fit into a file of secrets, and more than a unit has. */
const WORKSTATIONS_MAX = 100;

const schema = z.record(workstationName, fingerprintText).refine((all) => Object.keys(all).length <= WORKSTATIONS_MAX);

/** From name to fingerprint. */
export type Workstations = Readonly<Record<string, string>>;

/** None where there is no file. Throws ENVIRONMENT for one that cannot be read, or that others can. */
export function readWorkstations(dir: string): Workstations {
  const path = join(dir, FILE);
  if (!existsSync(path)) return {};
  const result = schema.safeParse(jsonIn(path));
  if (result.success) return result.data;
  throw new CausewayError("ENVIRONMENT", `${path} does not have names with a fingerprint each; mend it or remove it`);
}

/** Throws CONFLICT for a name or a key that is there, EXHAUSTED for one too many, ENVIRONMENT. */
export function addWorkstation(dir: string, name: string, fingerprint: string): void {
  const before = readWorkstations(dir);
  const [holder] = Object.entries(before).find(([each, key]) => each === name || key === fingerprint) ?? [];
  if (holder === name) throw new CausewayError("CONFLICT", `there is a workstation ${name}: remove it first`);
  if (holder !== undefined) throw new CausewayError("CONFLICT", `this is the key of the workstation ${holder}`);
  if (Object.keys(before).length >= WORKSTATIONS_MAX) {
    throw new CausewayError("EXHAUSTED", `a node takes ${WORKSTATIONS_MAX} workstations: remove one first`);
  }
  write(dir, { ...before, [name]: fingerprint });
}

/** Throws NOT_FOUND, ENVIRONMENT. */
export function removeWorkstation(dir: string, name: string): void {
  const before = Object.entries(readWorkstations(dir));
  const others = before.filter(([each]) => each !== name);
  if (others.length === before.length) throw new CausewayError("NOT_FOUND", `there is no workstation ${name}`);
  write(dir, Object.fromEntries(others));
}

/** What is pinned at the moment that it is asked. While the file cannot be read nobody is. */
export class PinnedWorkstations {
  readonly #dir: string;
  readonly #log: Log;
  #isUnreadable = false;

  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
  }

  /** Of the workstation that holds this key. */
  nameOf(fingerprint: string): string | undefined {
    return Object.entries(this.#read()).find(([, key]) => key === fingerprint)?.[0];
  }

  #read(): Workstations {
    try {
      const workstations = readWorkstations(this.#dir);
      this.#isUnreadable = false;
      return workstations;
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      if (!this.#isUnreadable) events.workstations.unreadable(this.#log, error);
      this.#isUnreadable = true;
      return {};
    }
  }
}

function write(dir: string, workstations: Workstations): void {
  replaceFile(join(dir, FILE), `${JSON.stringify(workstations, undefined, 2)}\n`, 0o600);
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readSecretText(path));
  } catch (error) {
    // The parser's own text may quote the file.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
