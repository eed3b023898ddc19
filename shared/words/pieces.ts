/**
 * Texts of which some pieces are more than text. A terminal prints them as they read, a page shows each in its own way: what somebody
 * else chose is kept apart, a member leads to its page, long hexadecimal may break, an instant says which.
 */
import type { MemberId } from "../core/ids.ts";
import { toHex } from "../core/bytes.ts";
import { dateTime, groups } from "./figures.ts";
import { compose } from "./say.ts";
import type { Given } from "./say.ts";
import type { Key } from "./language.ts";

export type Mark =
  /** Text that a member, an administrator or another party chose. */
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "member"; readonly member: MemberId; readonly text: string }
  | { readonly kind: "bytes"; readonly hex: string }
  /** What people read to each other: the id of a key, of a TLS root. */
  | { readonly kind: "id"; readonly hex: string }
  | { readonly kind: "instant"; readonly ms: number };

/** One line. */
export type Line = readonly (string | Mark)[];

/** Something with its name; the lines beside each other or below each other. */
export type Fact = { readonly label: string; readonly lines: readonly Line[] };

export const name = (text: string): Mark => ({ kind: "name", text });
export const bytes = (value: Uint8Array): Mark => ({ kind: "bytes", hex: toHex(value) });
export const id = (value: Uint8Array): Mark => ({ kind: "id", hex: toHex(value) });
export const instant = (ms: number): Mark => ({ kind: "instant", ms });

/** The message of a key around marks. */
export function line<K extends Key>(key: K, ...args: Given<K, Mark>): Line {
  return compose<K, Mark>(key, ...args);
}

/** As a terminal shows it. */
function textOf(line: Line): string {
  return line.map((piece) => (typeof piece === "string" ? piece : markText(piece))).join("");
}

/** A fact's lines as one. */
export function factText({ lines }: Fact): string {
  return lines.map(textOf).join("; ");
}

function markText(mark: Mark): string {
  switch (mark.kind) {
    case "name":
    case "member":
      return mark.text;
    case "bytes":
      return mark.hex;
    case "id":
      return groups(mark.hex);
    case "instant":
      return dateTime(mark.ms);
  }
}
