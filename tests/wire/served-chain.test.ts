/** The chain on its way to somebody who has an invitation and no certificate yet. */
import { describe, expect, it } from "vitest";
import { openChainPart, sealChainPart } from "../../shared/wire/served-chain.ts";
import { InventedBroker } from "../console/invented-broker.ts";
import { invented } from "../crypto/support.ts";

const [directive] = new InventedBroker().signed;
const chainKey = invented("chain key", 32);
const sealed = sealChainPart(
  { kind: "directive", directive: directive! },
  { chainKey, place: 3 },
  invented("nonce", 24),
);

describe("a part of the chain", () => {
  it("opens to what was sealed, with the key of the invitation and at its place", () => {
    const opened = openChainPart(sealed, { chainKey, place: 3 });
    expect(opened).toMatchObject({ directive: { payload: directive!.payload, signatures: directive!.signatures } });
  });

  it("is noise with another key, and no part of another place", () => {
    const others = [
      { chainKey: invented("another key", 32), place: 3 },
      { chainKey, place: 2 },
    ];
    for (const other of others) {
      expect(() => openChainPart(sealed, other)).toThrow(expect.objectContaining({ code: "UNPROVEN" }));
    }
  });
});
