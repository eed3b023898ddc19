import { describe, expect, it } from "vitest";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { LONG_MS } from "../support/patience.ts";
import { SimWorld } from "../sim/world.ts";
import { publishedRecordOf, tokensByClass } from "./exposure.ts";
import { inventedPersons, withNamesakes } from "./invented-persons.ts";
import { alignmentOf, jointSignatureOf, knownOf, publishedOf } from "./naming.ts";
import type { Seen } from "./naming.ts";
import { publishFile } from "./published.ts";

const SUBJECTS = withNamesakes(inventedPersons(400));
const random = new SimWorld("naming").randomBytes;
const published = await publishFile(SUBJECTS);
const { handling, reviewByDay } = published[0]!.entry;
const LIST = SUBJECTS.map((subject) =>
  knownOf(tokensByClass(publishedRecordOf(subject)), `${handling} ${reviewByDay}`),
);
const DUMP = published.map(({ entry }) => publishedOf(entry));
const TRUTH = published.map(({ record }) => record);

/** What the least padding shows: the next power of two from 8 on, in each class. */
function barely(tokens: Seen["tokens"]): Seen {
  const padded = (count: number): number => Math.max(8, 2 ** Math.ceil(Math.log2(count)));
  return { label: TOKEN_CLASSES.map((tokenClass) => padded(tokens[tokenClass].length)).join(" "), tokens };
}

const BARE_LIST = LIST.map(({ tokens }) => barely(tokens));
/** Nothing is shared but the list's own tokens; padding that stands once is nothing to go by, so it is left out. */
const BARE_DUMP = TRUTH.map((record) => BARE_LIST[record]!);

describe("whoever has the broker's dump of one member, the list and the code", { timeout: LONG_MS }, () => {
  it("sees the records of the list, each once", () => {
    expect(TRUTH.toSorted((a, b) => a - b)).toEqual(SUBJECTS.map((_, i) => i));
  });

  it("names every record by the order, where that is the file's", () => {
    const inOrder = SUBJECTS.map((_, record) => TRUTH.indexOf(record));
    const dump = inOrder.map((found) => DUMP[found]!);
    const truth = SUBJECTS.map((_, i) => i);
    expect(alignmentOf(LIST, dump, { truth, random })).toMatchObject({ claims: LIST.length, right: LIST.length });
    expect(jointSignatureOf(LIST, dump, truth).share).toBeGreaterThan(0.01);
  });

  it("names by the order that is published no more than by one that was shuffled", () => {
    const { right, controlRight } = alignmentOf(LIST, DUMP, { truth: TRUTH, random });
    // One on average, whatever the length.
    expect(Math.max(right, controlRight)).toBeLessThan(10);
  });

  it("singles out records by counts and what they share, where padding is the least and each record's own", () => {
    const { singledOut, share } = jointSignatureOf(BARE_LIST, BARE_DUMP, TRUTH);
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBe(singledOut / LIST.length);
  });

  it("singles out at most one in a hundred of those that are published", () => {
    expect(jointSignatureOf(LIST, DUMP, TRUTH).share).toBeLessThanOrEqual(0.01);
  });
});
