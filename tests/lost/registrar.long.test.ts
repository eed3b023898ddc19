/** The registrar is lost with its keys, by the documents' own commands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { partyFile } from "../../shared/party/files.ts";
import { readTls } from "../../shared/party/tls.ts";
import { certificateDer, isIssuedUnder } from "../../shared/platform/tls.ts";
import { LostParty } from "../support/lost-party.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("the registrar, lost with its keys", { timeout: 3 * LONG_MS }, () => {
  let lost: LostParty;
  afterEach(async () => await lost?.[Symbol.asyncDispose](), LONG_MS);

  it("is replaced: certificates, NATS users and freshness are the new one's, and overlaps go on", async () => {
    lost = await LostParty.founded();
    lost.publishes();
    await lost.meets(1);
    await lost.loses("causeway registrar", "founding/registrar");
    await lost.page.end("nats-server");
    await lost.does("The registrar");
    const dir = (party: string): string => join(lost.page.work, party);
    const root = certificateDer(readFileSync(join(dir("registrar"), "ca.crt"), "utf8"));
    const parties = ["broker", "key-office", "north", "harbour", "nats"].map(dir);
    const isRenewed = (): boolean => parties.every((each) => isIssuedUnder(root, readTls(each).certificatePem));
    await expect.poll(isRenewed, SOON).toBe(true);
    expect(readFileSync(partyFile(dir("registrar"), "freshness")).length).toBeGreaterThan(0);
    lost.publishes();
    await lost.meets(1, 2);
  });
});
