import { afterEach, describe, expect, it } from "vitest";
import { KeyOffers } from "../../agency-node/publishing/key-offers.ts";
import type { KeyOffersParts } from "../../agency-node/publishing/key-offers.ts";
import type { Federation, MemberKey } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { SEALING_KEY_BYTES } from "../../shared/crypto/seal.ts";
import { signingKeyPair, verifyPayload } from "../../shared/crypto/sign.ts";
import { silentLog } from "../../shared/world/log.ts";
import { decodeKeyOffer } from "../../shared/wire/directive.ts";
import { invented } from "../crypto/support.ts";
import { SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";

const MEMBER = toId<MemberId>("0d".repeat(16));
const SIGNER = signingKeyPair(invented("signer", 32));
const FEDERATION = {
  id: invented("federation", 16),
  members: new Map([[MEMBER, {}]]),
  epochs: new Map([[1, {}]]),
} as unknown as Federation;

let stop: AbortController;
let running: Promise<void>;
let offered: MemberKey[];
let made: number[];

function start(preparedEpoch: KeyOffersParts["preparedEpoch"]): void {
  [stop, offered, made] = [new AbortController(), [], []];
  const offers = new KeyOffers({
    member: MEMBER,
    signer: SIGNER,
    world: systemWorld(silentLog),
    federation: () => FEDERATION,
    preparedEpoch,
    offer: async (key) => void offered.push(key),
    prepareKey(epoch) {
      made.push(epoch);
      return invented(`sealing ${epoch}`, SEALING_KEY_BYTES);
    },
  });
  running = offers.run(stop.signal);
}

afterEach(async () => {
  stop.abort();
  await running;
});

const looked = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 20));

describe("a key for an epoch to come", () => {
  it("is made and offered under the member's signature", async () => {
    start(async () => 2);
    await expect.poll(() => offered.length, SOON).toBe(1);
    const [{ payload, signature }] = offered as [MemberKey];
    expect(decodeKeyOffer(payload)).toEqual({
      member: MEMBER,
      epoch: 2,
      sealingKey: invented("sealing 2", SEALING_KEY_BYTES),
    });
    const content = { type: "key-offer", federation: FEDERATION.id, payload, signature: signature.signature };
    expect(verifyPayload({ ...content, publicKey: SIGNER.publicKey })).toBe(true);
  });

  it("is not made for an epoch that has been, or for whatever number a broker names", async () => {
    for (const epoch of [0, 1, 999]) {
      start(async () => epoch);
      await looked();
      expect([made, offered]).toEqual([[], []]);
      stop.abort();
      await running;
    }
  });

  it("is waited for quietly while the broker is away", async () => {
    start(() => Promise.reject(new CausewayError("UNAVAILABLE", "away")));
    await looked();
    expect(offered).toEqual([]);
  });
});
