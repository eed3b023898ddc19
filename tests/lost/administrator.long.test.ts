/** An administrator is lost with its keys, by the documents' own commands. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { LostParty } from "../support/lost-party.ts";
import { LONG_MS } from "../support/patience.ts";

describe("an administrator, lost with its keys", { timeout: 2 * LONG_MS }, () => {
  let lost: LostParty;
  afterEach(async () => await lost?.[Symbol.asyncDispose](), LONG_MS);

  it("is replaced by the others, and the new one decides with one of them, salts included", async () => {
    lost = await LostParty.founded();
    rmSync(join(lost.page.work, "board/3"), { recursive: true });
    await lost.does("An administrator");
    // The salts are recovered with the newcomer's share: whoever asks needs those of a quorum.
    const again = 'causeway admin suspend board/4 harbour --reason "invented"';
    await lost.runs([
      again,
      'causeway admin approve board/1 "$DIGEST" --digest "$DIGEST"',
      'causeway admin reinstate board/1 harbour --reason "invented"',
      "causeway admin release-shares board/4",
      'causeway admin release-shares board/4 "$REQUEST" --yes',
      'causeway admin reinstate board/1 harbour --reason "invented"',
      'causeway admin approve board/4 "$DIGEST" --digest "$DIGEST"',
    ]);
    lost.publishes();
    await lost.meets(1);
    expect(lost.page.run("causeway admin show-chain board/4")).toContain("Prosecutor D");
  });
});
