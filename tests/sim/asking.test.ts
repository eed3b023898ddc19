/**
 * Who asks and does not answer, and who shows what it has copied: units whose nodes are tampered with, in a federation whose other programs
 * are as they are. All persons and units are invented.
 */
import { describe, expect, it } from "vitest";
import { doubtOf } from "../../agency-node/core/match.ts";
import type { MatchState } from "../../agency-node/core/match.ts";
import type { SubmissionBody } from "../../shared/core/data-plane.ts";
import { HIM, isStatement, listed, MINUTE_MS, tamperWith, tamperWithRecords, withCopiedTokens } from "./asking.ts";
import { foundInMemory } from "./federation.ts";
import type { MemoryFederation } from "./federation.ts";

/** The unit that holds him, and one that asks for him with a node that says `tampered` instead of what it would. */
async function askedBy(
  seed: string,
  tampered: (body: SubmissionBody, federation: MemoryFederation) => SubmissionBody | undefined,
): Promise<MemoryFederation> {
  const federation = await foundInMemory({ seed, units: { asker: ["target"], wcu: ["target"] } });
  tamperWith(federation, "asker", (body) => tampered(body, federation));
  await federation.import("wcu", [{ reference: "WCU-1", ...HIM }]);
  await federation.settled();
  await federation.import("asker", [{ reference: "ASK-1", ...HIM }]);
  await federation.settled();
  return federation;
}

const matchOf = (federation: MemoryFederation, slug: string): MatchState =>
  federation.unit(slug).node.inbox.matches()[0] as MatchState;

describe("a unit that asks and does not answer", () => {
  const silent = (body: SubmissionBody): SubmissionBody | undefined => (isStatement(body) ? undefined : body);

  it("is seen by whoever is hit, learns nothing, and is late in both inboxes after ten minutes", async () => {
    await using federation = await askedBy("silent", silent);
    expect(federation.inbox("wcu")).toMatchObject([{ grade: "strong", state: "open" }]);
    await federation.advance(15 * MINUTE_MS);
    expect(matchOf(federation, "wcu").overdue).toEqual({ ownStated: true, otherStated: false });
    expect(matchOf(federation, "asker").overdue).toEqual({ ownStated: false, otherStated: true });
    for (const slug of ["wcu", "asker"]) expect(matchOf(federation, slug).counterpart).toBeUndefined();
  });

  it("stays in the list of whoever was hit when it takes its record back", async () => {
    await using federation = await askedBy("silent and gone", silent);
    federation.withdraw("asker", "ASK-1");
    await federation.settled();
    expect(listed(federation, "wcu")).toMatchObject([{ status: "closed", grading: { grade: "strong" } }]);
    await federation.advance(15 * MINUTE_MS);
    expect(matchOf(federation, "wcu")).toMatchObject({ status: "closed", overdue: { otherStated: false } });
    expect(listed(federation, "wcu")).toHaveLength(1);
  });
});

describe("a unit that shows copied tokens", () => {
  it("proves nothing by them: it is seen, and neither side is told who the other is", async () => {
    const copied = (body: SubmissionBody, { world }: MemoryFederation): SubmissionBody =>
      tamperWithRecords(body, (entry) => withCopiedTokens(entry, world));
    await using federation = await askedBy("copied", copied);
    expect(federation.inbox("wcu")).toMatchObject([{ grade: "none", state: "unproven", unit: undefined }]);
    expect(federation.inbox("asker")).toMatchObject([{ state: "unproven", unit: undefined }]);
    expect(doubtOf(matchOf(federation, "wcu"))).toBe("copied");
    expect(doubtOf(matchOf(federation, "asker"))).toBe("refused");
    expect(federation.messages.filter(({ kind }) => kind.includes("counterpartDisclosed"))).toEqual([]);
  });
});
