/** The handles under which the broker knows records. All references are invented. */
import { expect, it } from "vitest";
import { Trust } from "../../agency-node/trust.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { memoryKeys } from "../support/memory-keys.ts";

const MEMBER = "a1".repeat(16) as MemberId;

/** A node of these keys: of its handles the chain says nothing. */
function trustOf(keys = memoryKeys(MEMBER, { randomBytes })): Trust {
  return new Trust(keys, () => {
    throw new Error("no chain is read");
  });
}

it("a handle is the same whenever the record is imported, and another in another domain, of another record, at another unit", () => {
  const keys = memoryKeys(MEMBER, { randomBytes });
  const handle = trustOf(keys).recordHandle("target", "R-1");
  expect(trustOf(keys).recordHandle("target", "R-1")).toBe(handle);
  const others = [
    trustOf(keys).recordHandle("protected", "R-1"),
    trustOf(keys).recordHandle("target", "R-2"),
    trustOf().recordHandle("target", "R-1"),
  ];
  expect(new Set([handle, ...others]).size).toBe(4);
});
