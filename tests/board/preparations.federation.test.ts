/** What the next epoch needs: keys that only their holders can offer, and a generation that begins in running evaluators and ends. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DirectiveBody, MemberKey } from "../../shared/core/directive.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { evaluateBatch, blindBatch } from "../../shared/crypto/oprf.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import { keyFile } from "../../shared/party/files.ts";
import { readKeyShare, readSealingKeys, readSigningKeys } from "../../shared/party/keys.ts";
import { evaluatorIdentity } from "../../shared/platform/standing.ts";
import { openEvaluatorOffer, signEvaluatorOffer } from "../../shared/wire/board.ts";
import { encodeKeyOffer } from "../../shared/wire/directive.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { BoardRoom } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

let room: BoardRoom;
beforeAll(async () => {
  room = await BoardRoom.open();
  await room.federation.startEvaluator();
}, LONG_MS);
afterAll(async () => await room?.[Symbol.asyncDispose](), LONG_MS);

const prepare = async (epoch = 2, generation = 2) => await room.board("chair").prepareEpoch({ epoch, generation });

type Unit = "ct" | "thb";

function keyOffer(
  unit: Unit,
  epoch = 2,
  signer: string = unit,
  sealingKey = sealingKeyPair(randomBytes(32)).publicKey,
) {
  const offer = { member: room.federation.member(unit), epoch, sealingKey };
  const payload = encodeKeyOffer(offer);
  const { publicKey, secretKey } = readSigningKeys(room.federation.dir(signer));
  const federation = room.federation.board.federation.id;
  const signature = signPayload({ type: "key-offer", federation, payload, secretKey });
  return { ...offer, payload, signature: { keyId: keyId(publicKey), signature } } satisfies MemberKey;
}

const wire = ({ payload, signature }: MemberKey) => ({ offer: { payload, signature } });

/** What an office makes of a batch under a generation. */
async function evaluated(office: "broker" | "key-office", generation: number, blinded: Uint8Array) {
  const evaluator = room.federation.founded.federation.found.evaluators[office === "broker" ? 0 : 1]!;
  const { address } = evaluator;
  const expected = office === "broker" ? ({ kind: "broker" } as const) : evaluatorIdentity(evaluator);
  const to = { address, tls: room.tls("ct"), expected, caller: room.caller("ct") };
  using connection = grpcClient(EvaluationServiceDefinition, to);
  async function* requests() {
    yield {
      request: {
        $case: "batch" as const,
        value: { batchId: randomBytes(16), generation, blinded },
      },
    };
  }
  for await (const answer of connection.client.evaluate(requests())) return answer;
  throw new Error("no answer");
}

describe("the preparation of an epoch", { timeout: LONG_MS }, () => {
  it("makes the broker's keys once, and asks members and evaluators for theirs", async () => {
    expect(await room.membership("ct").getPreparation({})).toMatchObject({ epoch: 0, generation: 0 });
    const first = await prepare();
    expect(toHex(first.brokerSealingKey)).toBe(toHex(readSealingKeys(room.federation.dir("broker"), 2).publicKey));
    expect(first.memberKeys).toEqual([]);
    expect(await room.membership("ct").getPreparation({})).toMatchObject({ epoch: 2, generation: 2 });
    // The office makes its share by itself.
    await expect.poll(async () => (await prepare()).evaluatorOffers.length, SOON).toBe(2);
    const again = await prepare();
    expect(toHex(again.brokerSealingKey)).toBe(toHex(first.brokerSealingKey));
    const { id, found } = room.federation.board.federation;
    const offers = again.evaluatorOffers.map((offer) => openEvaluatorOffer(offer, id, found.evaluators));
    expect(offers.map(({ name, generation }) => [name, generation])).toEqual([
      ["broker", 2],
      ["key-office", 2],
    ]);
  });

  it("hands out a member's key as the member signed it, the last one", async () => {
    await prepare();
    await room.membership("ct").offerKey(wire(keyOffer("ct")));
    const last = keyOffer("ct");
    await room.membership("ct").offerKey(wire(last));
    const { memberKeys } = await prepare();
    expect(memberKeys.map(({ payload }) => toHex(payload))).toEqual([toHex(last.payload)]);
  });

  it("refuses keys that are another's, another epoch's, used already or no keys", async () => {
    const ct = room.membership("ct");
    const used = room.federation.board.federation.members.get(room.federation.member("thb"))!.sealingKey;
    const refusals: [MemberKey, string][] = [
      [keyOffer("thb"), "FORBIDDEN"],
      [keyOffer("ct", 3), "OUT_OF_SEQUENCE"],
      [keyOffer("ct", 2, "thb"), "UNPROVEN"],
      [keyOffer("ct", 2, "ct", used), "CONFLICT"],
      [keyOffer("ct", 2, "ct", new Uint8Array(32)), "INVALID"],
    ];
    for (const [offer, code] of refusals) await expect(ct.offerKey(wire(offer)), code).rejects.toMatchObject({ code });
    const office = readSigningKeys(room.federation.dir("key-office"));
    const { id } = room.federation.board.federation;
    const share = (name: string, generation: number, sharePublicKey = evaluatorKey()) =>
      Signed.decode(signEvaluatorOffer({ name, generation, sharePublicKey }, { federation: id, signer: office }));
    const offers: [Signed, string][] = [
      [share("broker", 2), "UNPROVEN"],
      [share("key-office", 3), "OUT_OF_SEQUENCE"],
      [share("key-office", 2, new Uint8Array(32)), "INVALID"],
    ];
    for (const [offer, code] of offers) {
      await expect(room.membership("key-office").offerShare({ offer }), code).rejects.toMatchObject({ code });
    }
  });

  it("refuses numbers that cannot come next", async () => {
    for (const [epoch, generation, fields] of [
      [1, 0, ["epoch"]],
      [100, 0, ["epoch"]],
      [2, 1, ["generation"]],
      [2, 3, ["generation"]],
    ] as const) {
      await expect(prepare(epoch, generation)).rejects.toMatchObject({ code: "INVALID", fields });
    }
  });

  it("begins a generation in running evaluators, beside the old one, and destroys the old share at its end", async () => {
    const { blinded } = blindBatch([Uint8Array.of(1), Uint8Array.of(2)], randomBytes(128));
    const offices = ["broker", "key-office"] as const;
    const answer = async (office: (typeof offices)[number], generation: number): Promise<string> => {
      const { response } = await evaluated(office, generation, blinded);
      if (response?.$case !== "evaluated") return response?.$case === "refused" ? "refused" : "nothing";
      const share = readKeyShare(room.federation.dir(office), generation);
      const expected = evaluateBatch(share, blinded).evaluated;
      return toHex(response.value.evaluated) === toHex(expected) ? "evaluated" : "under another key";
    };
    for (const office of offices) expect(await answer(office, 2)).toBe("refused");

    const { evaluators } = room.federation.board.federation.found;
    const { id } = room.federation.board.federation;
    const offers = (await prepare()).evaluatorOffers.map((offer) => openEvaluatorOffer(offer, id, evaluators));
    const renewed = evaluators.map((each) => ({
      ...each,
      sharePublicKey: offers.find(({ name }) => name === each.name)!.sharePublicKey,
    }));
    const over = { generation: 2, evaluators: renewed };
    await room.decide(await room.federation.board.opening(2, { newKeysOf: [], over }));
    for (const office of offices) {
      await expect.poll(() => answer(office, 2), SOON).toBe("evaluated");
      expect(await answer(office, 1)).toBe("evaluated");
      expect(await answer(office, 3)).toBe("refused");
    }

    await room.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    await room.decide(retirement(1));
    for (const office of offices) {
      await expect.poll(() => existsSync(keyFile(room.federation.dir(office), "share.key")), SOON).toBe(false);
      expect((await evaluated(office, 1, blinded)).response?.$case).toBe("refused");
      expect(await answer(office, 2)).toBe("evaluated");
    }
  });
});

const retirement = (epoch: number): DirectiveBody => ({
  type: "epochRetire",
  epoch,
  cause: "rotated",
  laggards: [],
  reason: "Invented reason",
});

/** Some element of the group. */
function evaluatorKey(): Uint8Array {
  return room.federation.founded.federation.found.evaluators[0]!.sharePublicKey;
}
