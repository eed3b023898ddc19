/** Salts: what a node takes from the boxes in the chain, and what a quorum of the board can recover. */
import { combine } from "shamir-secret-sharing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSalts } from "../../agency-node/core/salts.ts";
import { equalBytes, fromHex } from "../../shared/core/bytes.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Epoch, EpochSalts, Federation } from "../../shared/core/directive.ts";
import type { ErrorCode } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { encodeSaltBox } from "../../shared/crypto/salt.ts";
import { openSealed, recipientKeyOf, sealingKeyPair, sealTo } from "../../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { readSealingKeys } from "../../shared/party/keys.ts";
import { foundSample } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";

let sample: SampleFederation;
let federation: Federation;
beforeAll(async () => {
  sample = await foundSample();
  federation = sample.founded.federation;
});
afterAll(() => sample?.[Symbol.dispose]());

const holder = (slug: string, of: Federation = federation) => ({
  federation: of,
  member: sample.founded.members.get(slug) as MemberId,
  sealingKeys: [readSealingKeys(sample.dir(slug))],
});

/** The chain as a party would see it, had the board or the broker put another salt there. */
function withSalt(domain: Domain, change: (salt: EpochSalts) => Partial<EpochSalts>): Federation {
  const epoch = federation.epochs.get(1) as Epoch;
  const salts = epoch.salts.map((salt) => (salt.domain === domain ? { ...salt, ...change(salt) } : salt));
  return { ...federation, epochs: new Map([[1, { ...epoch, salts }]]) };
}

/** The border unit's box of a domain, with other content. */
function withBox(domain: Domain, plaintext: (salt: Uint8Array) => Uint8Array): Federation {
  const border = holder("border");
  const salt = openSalts(border, 1).get(domain) as Uint8Array;
  const { publicKey } = border.sealingKeys[0] as SealingKeyPair;
  const recipientKey = recipientKeyOf(publicKey);
  const sealed = sealTo(publicKey, plaintext(salt), randomBytes(32));
  return withSalt(domain, ({ boxes }) => ({ boxes: new Map(boxes).set(border.member, { recipientKey, sealed }) }));
}

type Box = NonNullable<ReturnType<EpochSalts["boxes"]["get"]>>;

function refuses(of: Federation, code: ErrorCode, fields?: readonly string[]): void {
  expect(() => openSalts(holder("border", of), 1)).toThrow(
    expect.objectContaining({ code, ...(fields === undefined ? {} : { fields }) }),
  );
}

describe("a node opens its salts", () => {
  it("one for each domain of its mandate, the same as every other member's", () => {
    const harbour = openSalts(holder("harbour"), 1);
    const border = openSalts(holder("border"), 1);
    expect([...harbour.keys()]).toEqual(["target"]);
    expect([...border.keys()]).toEqual(["target", "protected"]);
    expect(harbour.get("target")).toEqual(border.get("target"));
    expect(border.get("target")).not.toEqual(border.get("protected"));
  });

  it("and has none of an epoch that nobody opened", () => {
    expect(() => openSalts(holder("border"), 2)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});

describe("a node refuses a salt", () => {
  const place = { epoch: 1, domain: "target" as Domain };
  const key = (): Uint8Array => (holder("border").sealingKeys[0] as SealingKeyPair).publicKey;

  it("that somebody chose: another salt in a well-formed box", () => {
    const of = withBox("target", () =>
      encodeSaltBox({
        federation: federation.id,
        ...place,
        recipientKey: recipientKeyOf(key()),
        salt: saltKey(randomBytes(32)),
      }),
    );
    refuses(of, "UNPROVEN", ["commitment"]);
  });

  it("whose commitment is another", () => {
    refuses(
      withSalt("target", () => ({ commitment: randomBytes(32) })),
      "UNPROVEN",
      ["commitment"],
    );
  });

  it("from another federation, epoch or domain, or for another recipient", () => {
    const swapped = (changes: object, fields: string[]): void => {
      const of = withBox("target", (salt) =>
        encodeSaltBox({
          federation: federation.id,
          ...place,
          recipientKey: recipientKeyOf(key()),
          salt: saltKey(salt),
          ...changes,
        }),
      );
      refuses(
        of,
        "UNPROVEN",
        [...fields, "commitment"].filter((field) => field !== "commitment" || fields[0] !== "recipientKey"),
      );
    };
    swapped({ federation: randomBytes(16) }, ["federation"]);
    swapped({ epoch: 2 }, ["epoch"]);
    swapped({ domain: "protected" }, ["domain"]);
    swapped({ recipientKey: recipientKeyOf(sealingKeyPair(randomBytes(32)).publicKey) }, ["recipientKey"]);
  });

  it("from the box of the other domain, or of another member", () => {
    const { member } = holder("border");
    const harbour = sample.founded.members.get("harbour") as MemberId;
    const { salts } = federation.epochs.get(1) as Epoch;
    const box = (domain: Domain, of: MemberId) => salts.find((each) => each.domain === domain)?.boxes.get(of) as Box;
    refuses(
      withSalt("target", () => ({ boxes: new Map([[member, box("protected", member)]]) })),
      "UNPROVEN",
      ["domain", "commitment"],
    );
    const others = { ...box("target", harbour), recipientKey: recipientKeyOf(key()) };
    refuses(
      withSalt("target", () => ({ boxes: new Map([[member, others]]) })),
      "UNPROVEN",
    );
  });

  it("that is missing, or sealed to a key that is not the one in the chain", () => {
    refuses(
      withSalt("target", () => ({ boxes: new Map() })),
      "NOT_FOUND",
    );
    const sealingKeys = [sealingKeyPair(randomBytes(32))];
    expect(() => openSalts({ ...holder("border"), sealingKeys }, 1)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });
});

describe("the board", () => {
  it("recovers a salt from the shares of any quorum, and learns nothing from fewer", async () => {
    const epoch = federation.epochs.get(1) as Epoch;
    const { shares, domain } = epoch.salts[0] as EpochSalts;
    const opened = ["chair", "deputy", "clerk"].map((name) => {
      const keys = readSealingKeys(sample.dir(name));
      const seat = federation.found.board.find((each) => equalBytes(each.sealingKey, keys.publicKey));
      const id = keyId(seat?.signingKey as Uint8Array);
      const { sealed } = shares.find((each) => equalBytes(each.administratorKeyId, id)) as EpochSalts["shares"][0];
      return openSealed(keys, sealed).slice(-33);
    }) as [Uint8Array, Uint8Array, Uint8Array];
    const salt = Uint8Array.from(openSalts(holder("border"), 1).get(domain) as Uint8Array);
    expect(await combine([opened[0], opened[2]])).toEqual(salt);
    expect(await combine([opened[1], opened[2]])).toEqual(salt);
    await expect(combine([opened[1]])).rejects.toThrow(/2/);
  });

  it("cannot seal to a key of small order", () => {
    for (const low of [new Uint8Array(32), fromHex(`01${"00".repeat(31)}`)]) {
      expect(() => sealTo(low, randomBytes(32), randomBytes(32))).toThrow(expect.objectContaining({ code: "INVALID" }));
    }
  });
});
