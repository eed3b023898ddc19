/** What each word is on the wire, as data: another implementation reads the same file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as enumerations from "../../shared/wire/enumerations.ts";
import * as board from "../../shared/wire/gen/causeway/v1/board.ts";
import * as dataPlane from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import * as evaluation from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import * as federation from "../../shared/wire/gen/causeway/v1/federation.ts";

const VECTORS = join(import.meta.dirname, "..", "..", "proto", "vectors", "enumerations.json");
const pinned = JSON.parse(readFileSync(VECTORS, "utf8")) as Record<string, Record<string, number>>;

const ENUMERATIONS = {
  Domain: [enumerations.DOMAIN, federation.Domain],
  RetireCause: [enumerations.RETIRE_CAUSE, federation.RetireCause],
  Handling: [enumerations.HANDLING, dataPlane.Handling],
  RejectionReason: [enumerations.REJECTION_REASON, dataPlane.RejectionReason],
  CloseReason: [enumerations.CLOSE_REASON, dataPlane.CloseReason],
  RefusalReason: [enumerations.REFUSAL_REASON, evaluation.RefusalReason],
  ProposalState: [enumerations.PROPOSAL_STATE, board.ProposalState],
} as const;

it("every enumeration of the wire has its numbers in the file", () => {
  expect(Object.keys(pinned).toSorted()).toEqual(Object.keys(ENUMERATIONS).toSorted());
  expect(Object.keys(ENUMERATIONS)).toHaveLength(Object.keys(enumerations).length);
});

describe.each(Object.entries(ENUMERATIONS))("%s", (name, [enumeration, wire]) => {
  const numbers = pinned[name]!;

  it("has each word under its number and no other", () => {
    expect(enumeration.numbers).toEqual(numbers);
    const { toWire, word } = enumeration as enumerations.Enumeration<string, number>;
    for (const [text, number] of Object.entries(numbers)) {
      expect(toWire(text)).toBe(number);
      expect(word.parse(number)).toBe(text);
    }
  });

  it("says in the wire's own name what the word says", () => {
    for (const [text, number] of Object.entries(numbers)) {
      const shout = text.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
      const wireName = Object.entries(wire).find(([, value]) => value === number)?.[0];
      expect(wireName?.endsWith(`_${shout}`), `${wireName} for ${text}`).toBe(true);
    }
  });

  it("refuses what says nothing and numbers that it does not know", () => {
    const beyond = Math.max(...Object.values(numbers)) + 1;
    for (const number of [0, -1, beyond, 1.5]) expect(enumeration.word.safeParse(number).success).toBe(false);
  });
});
