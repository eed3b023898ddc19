import { describe, expect, it } from "vitest";
import { concat, toHex } from "../../shared/core/bytes.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import {
  acceptSaltBox,
  combineContributions,
  contributionCommitment,
  decodeSaltBox,
  encodeSaltBox,
} from "../../shared/crypto/salt.ts";
import { saltCommitment, saltKey } from "../../shared/crypto/token.ts";
import { expectRefusal, filled, flipped, invented } from "./support.ts";

const place = { federation: filled(16, 1), epoch: 5, domain: "protected" } as const;

/** One administrator's part, honestly made. */
function contributed(name: string, where: typeof place = place) {
  const part = { administratorKeyId: invented(`${name} key`, 16), contribution: invented(`${name} part`, 32) };
  return { ...part, commitment: contributionCommitment({ ...where, ...part }) };
}

const three = ["ada", "ben", "cem"].map((name) => contributed(name));

describe("a salt of several administrators", () => {
  it("does not depend on the order in which they contributed", () => {
    const salt = combineContributions({ ...place, contributions: three });
    expect(combineContributions({ ...place, contributions: three.toReversed() })).toEqual(salt);
  });

  it("depends on every contribution, so that one honest administrator suffices", () => {
    const salts = [three, [...three.slice(1), contributed("dee")], three.slice(1)].map((contributions) =>
      toHex(combineContributions({ ...place, contributions })),
    );
    expect(new Set(salts).size).toBe(3);
  });

  it("is refused when a contribution was chosen after the others were seen", () => {
    const changed = { ...(three[1] as (typeof three)[number]), contribution: invented("chosen later", 32) };
    const contributions = [three[0], changed, three[2]] as typeof three;
    const error = expectRefusal(() => combineContributions({ ...place, contributions }), "UNPROVEN");
    expect(error.fields).toEqual(["contributions[1]"]);
  });

  it("is refused when commitments are of another federation, epoch, domain or author", () => {
    const [first] = three as [(typeof three)[number]];
    const elsewhere = [
      { ...place, federation: filled(16, 2) },
      { ...place, epoch: 6 },
      { ...place, domain: "nexus" as const },
    ];
    for (const where of elsewhere) {
      expectRefusal(() => combineContributions({ ...where, contributions: [first] }), "UNPROVEN");
    }
    const stolen = { ...first, administratorKeyId: filled(16, 9) };
    expectRefusal(() => combineContributions({ ...place, contributions: [first, stolen] }), "UNPROVEN");
  });

  it("is refused for none, for one administrator twice, and for contributions that are not random", () => {
    const [first] = three as [(typeof three)[number]];
    const again = { ...first, contribution: filled(32, 9) };
    const twice = { ...again, commitment: contributionCommitment({ ...place, ...again }) };
    expectRefusal(() => combineContributions({ ...place, contributions: [] }), "INVALID");
    expectRefusal(() => combineContributions({ ...place, contributions: [first, twice] }), "INVALID");
    expectRefusal(() => contributionCommitment({ ...place, ...first, contribution: filled(32, 0) }), "INVALID");
    expectRefusal(() => contributionCommitment({ ...place, ...first, contribution: filled(31, 1) }), "INVALID");
    expectRefusal(() => contributionCommitment({ ...place, ...first, administratorKeyId: filled(15, 1) }), "INVALID");
  });
});

describe("a salt box", () => {
  const recipientKey = invented("recipient", 32);
  const salt = saltKey(invented("salt", 32));
  const plaintext = encodeSaltBox({ ...place, recipientKey, salt });
  const expected = { ...place, recipientKey, commitment: saltCommitment({ ...place, salt }) };

  it.each(DOMAINS)("survives the round trip in domain %s, also as a view into a larger buffer", (domain) => {
    const box = { ...place, domain, epoch: Number.MAX_SAFE_INTEGER, recipientKey, salt };
    const padded = concat(filled(7, 0xee), encodeSaltBox(box));
    expect(decodeSaltBox(padded.subarray(7))).toEqual(box);
  });

  it("is accepted as the directive promised it", () => {
    expect(acceptSaltBox(plaintext, expected)).toEqual(salt);
  });

  it("is refused with another salt than the committed one, whoever swapped it", () => {
    const swapped = encodeSaltBox({ ...place, recipientKey, salt: saltKey(invented("chosen by the broker", 32)) });
    // The weak variant, which only parses, would take it.
    expect(decodeSaltBox(swapped).salt).not.toEqual(salt);
    expect(expectRefusal(() => acceptSaltBox(swapped, expected), "UNPROVEN").fields).toEqual(["commitment"]);
  });

  it("is refused for another federation, epoch, domain or recipient, naming each", () => {
    const other = { federation: filled(16, 2), epoch: 6, domain: "target", recipientKey: filled(32, 8) } as const;
    const error = expectRefusal(() => acceptSaltBox(plaintext, { ...expected, ...other }), "UNPROVEN");
    expect(error.fields).toEqual(["federation", "epoch", "domain", "recipientKey"]);
    const recipient = { ...expected, recipientKey: flipped(recipientKey, 0) };
    expect(expectRefusal(() => acceptSaltBox(plaintext, recipient), "UNPROVEN").fields).toEqual(["recipientKey"]);
  });

  it("is refused when cut at any byte, followed by any, or with a false length or domain", () => {
    for (let length = 0; length < plaintext.length; length += 1) {
      expectRefusal(() => decodeSaltBox(plaintext.subarray(0, length)), "INVALID");
    }
    expectRefusal(() => decodeSaltBox(concat(plaintext, filled(1, 0))), "INVALID");
    for (const index of [16, 24, 25, 26]) expectRefusal(() => decodeSaltBox(flippedHigh(plaintext, index)), "INVALID");
  });
});

function flippedHigh(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] as number) ^ 0x80;
  return copy;
}
