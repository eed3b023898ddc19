/** A JSON file that people write by hand. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "jsonc-parser";
import type { ParseError } from "jsonc-parser";
import { CausewayError } from "../core/errors.ts";
import { fileFault } from "./file-faults.ts";

/** Throws ENVIRONMENT with the reason if it cannot be read, INVALID with line and column if it is not JSON. */
export function readJsonFile(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch {
    // Its own message may quote the file.
    throw new CausewayError("INVALID", `${path} is not JSON: ${placeOfFault(text)}`);
  }
}

export function isMissing(path: string): boolean {
  return !existsSync(path);
}

function readText(path: string): string {
  try {
    // Editors of other systems put a mark at the beginning, which JSON does not allow.
    return readFileSync(path, "utf8").replace(/^\u{FEFF}/u, "");
  } catch (error) {
    throw fileFault(path, "cannot be read", error);
  }
}

function placeOfFault(text: string): string {
  if (text.trim() === "") return "it is empty";
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const before = text.slice(0, errors[0]?.offset ?? text.length).split("\n");
  return `look at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
