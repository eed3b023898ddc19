import { describe, expect, it } from "vitest";
import { decideEntry } from "../../broker/core/entry.ts";
import type { EntryContext } from "../../broker/core/entry.ts";
import type { Upsert } from "../../shared/core/data-plane.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { parseIsoDay } from "../../shared/core/days.ts";
import { fromHex } from "../../shared/core/bytes.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { bound, tokens, upsert } from "./support.ts";

const handle = "1".repeat(32) as Handle;
const member = "a".repeat(32) as MemberId;
const day = (iso: string): number => parseIsoDay(iso) as number;

function context(over: Partial<EntryContext> = {}): EntryContext {
  return {
    member: { member, domains: ["target"], retentionDaysMax: 90 },
    epochOpen: true,
    today: day("2026-11-22"),
    record: undefined,
    countNew: () => 24,
    budget: 1_000,
    ...over,
  };
}

const publisher = { federation: new Uint8Array(16).fill(1), member, epoch: 1 };
const entry = bound(upsert(handle, tokens(["a phone"]), { reviewByDay: day("2026-12-31") }), publisher) as Upsert;
const reasonOf = (...of: Parameters<typeof decideEntry>): string => {
  const verdict = decideEntry(...of);
  return verdict.stands ? "stands" : verdict.reason;
};

describe("whether an entry stands", () => {
  it("lets an ordinary one stand, and says what it costs", () => {
    expect(decideEntry(entry, context())).toEqual({ stands: true, newTokens: 24 });
  });

  it("rejects a domain outside the mandate, and a handle that changes its domain", () => {
    expect(reasonOf({ ...entry, domain: "protected" }, context())).toBe("domain");
    const both = { member, domains: ["target", "protected"] as const, retentionDaysMax: 90 };
    const record = { domain: "protected" as const, reviewByDay: day("2026-12-31") };
    expect(reasonOf(entry, context({ member: both, record }))).toBe("domain");
  });

  it.each([
    ["zero", "00".repeat(32)],
    ["order eight", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"],
    ["not canonical", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ])("rejects a conversation key that is %s", (_name, key) => {
    expect(reasonOf({ ...entry, conversationKey: fromHex(key) }, context())).toBe("conversationKey");
  });

  it("rejects a binder that names another member, another handle or another conversation key", () => {
    const other = { ...publisher, member: "b".repeat(32) as MemberId };
    const theirs = upsert(handle, entry.tokens, { reviewByDay: entry.reviewByDay });
    expect(reasonOf(bound(theirs, other), context())).toBe("binder");
    expect(reasonOf({ ...entry, handle: "2".repeat(32) as Handle }, context())).toBe("binder");
    const { conversationKey } = upsert("2".repeat(32) as Handle, entry.tokens);
    expect(reasonOf({ ...entry, conversationKey }, context())).toBe("binder");
    expect(reasonOf({ ...entry, blind: randomBytes(32) }, context())).toBe("binder");
    expect(reasonOf({ ...entry, binder: new Uint8Array(32) }, context())).toBe("binder");
  });

  it.each([0, 4, 9, 12, 128])("rejects %i tokens in a class", (count) => {
    const set = { ...entry.tokens, opening: randomBytes(16 * count) };
    expect(reasonOf({ ...entry, tokens: set }, context())).toBe("tokenCount");
  });

  it.each([8, 16, 32, 64])("takes %i tokens in a class", (count) => {
    const set = { ...entry.tokens, opening: randomBytes(16 * count) };
    expect(reasonOf({ ...entry, tokens: set }, context())).toBe("stands");
  });

  it("rejects a token that is repeated within its class", () => {
    const single = randomBytes(16 * 8);
    single.copyWithin(16, 0, 16);
    expect(reasonOf({ ...entry, tokens: { ...entry.tokens, single } }, context())).toBe("malformed");
  });

  it("holds review days to a month's end within the retention cap", () => {
    const at = (iso: string): string => reasonOf({ ...entry, reviewByDay: day(iso) }, context());
    expect(at("2026-11-30")).toBe("stands");
    expect(at("2026-12-30")).toBe("reviewDay");
    expect(at("2026-10-31")).toBe("reviewDay");
    // Ninety days end on 20 February: the month's end is still allowed, the next is not.
    expect(at("2027-02-28")).toBe("stands");
    expect(at("2027-03-31")).toBe("reviewDay");
    expect(reasonOf({ ...entry, reviewByDay: 0xffff_ffff }, context())).toBe("reviewDay");
  });

  it("is valid through its last day", () => {
    const last = { ...entry, reviewByDay: day("2026-11-30") };
    expect(reasonOf(last, context({ today: day("2026-11-30") }))).toBe("stands");
    expect(reasonOf(last, context({ today: day("2026-12-01") }))).toBe("reviewDay");
  });

  it("never lets an upsert move the review day later", () => {
    const record = { domain: "target" as const, reviewByDay: day("2026-11-30") };
    expect(reasonOf(entry, context({ record }))).toBe("revalidationNeeded");
    const revalidate = { operation: "revalidate", handle, reviewByDay: day("2026-12-31") } as const;
    expect(reasonOf(revalidate, context({ record }))).toBe("stands");
    expect(reasonOf({ ...revalidate, reviewByDay: day("2027-12-31") }, context({ record }))).toBe("reviewDay");
  });

  it("rejects revalidation and withdrawal of a handle that does not live", () => {
    expect(reasonOf({ operation: "withdraw", handle }, context())).toBe("unknownHandle");
    const revalidate = { operation: "revalidate", handle, reviewByDay: day("2026-12-31") } as const;
    expect(reasonOf(revalidate, context())).toBe("unknownHandle");
  });

  it("holds to the budget exactly", () => {
    expect(reasonOf(entry, context({ budget: 24 }))).toBe("stands");
    expect(reasonOf(entry, context({ budget: 23 }))).toBe("budget");
  });

  it("refuses silent handling, which needs a second signature", () => {
    expect(reasonOf({ ...entry, handling: "silent" }, context())).toBe("handling");
  });

  it("takes nothing new in an epoch that is over, but lets a record be taken back", () => {
    const record = { domain: "target" as const, reviewByDay: day("2026-12-31") };
    expect(reasonOf(entry, context({ epochOpen: false, record }))).toBe("epoch");
    expect(reasonOf({ operation: "withdraw", handle }, context({ epochOpen: false, record }))).toBe("stands");
  });

  it("passes on why the wire found an entry malformed", () => {
    expect(reasonOf({ operation: "malformed", reason: "malformed" }, context())).toBe("malformed");
  });
});
