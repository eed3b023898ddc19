import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import { isDomain } from "../../shared/core/domain.ts";
import type { Domain } from "../../shared/core/domain.ts";
import {
  blindBatch,
  combineBatch,
  evaluateBatch,
  finalizeBatch,
  publicKeyOf,
  sumPublicKeys,
} from "../../shared/crypto/oprf.ts";
import {
  acceptSaltBox,
  combineContributions,
  contributionCommitment,
  encodeSaltBox,
} from "../../shared/crypto/salt.ts";
import { keyId, signingKeyPair, signPayload, verifyPayload } from "../../shared/crypto/sign.ts";
import {
  confirmationMac,
  confirmKeyOf,
  saltCommitment,
  saltKey,
  tokenOf,
  tokensOf,
} from "../../shared/crypto/token.ts";
import { invented } from "./support.ts";
import vectors from "./vectors/causeway-v1.json" with { type: "json" };

const federation = fromHex(vectors.federation);
const shares = vectors.evaluators.keyShares.map(fromHex);

describe("the frozen vectors of protocol version 1", () => {
  it("evaluators' public keys", () => {
    const publicKeys = shares.map(publicKeyOf);
    expect(publicKeys.map(toHex)).toEqual(vectors.evaluators.publicKeys);
    expect(toHex(sumPublicKeys(publicKeys))).toBe(vectors.evaluators.publicKey);
  });

  it("from identifier to hardened identifier, over both evaluators", () => {
    const inputs = vectors.tokens.map((each) => fromHex(each.input));
    const { blinded, blinds } = blindBatch(inputs, invented("conformance blinds", 64 * inputs.length));
    const combined = combineBatch(shares.map((share) => evaluateBatch(share, blinded).evaluated));
    expect(finalizeBatch(inputs, blinds, combined).map(toHex)).toEqual(vectors.tokens.map((each) => each.y));
  });

  it.each(vectors.tokens)("token, confirmation key and salt commitment in domain $domain", (vector) => {
    const domain = domainOf(vector.domain);
    const [salt, y] = [saltKey(fromHex(vector.salt)), fromHex(vector.y)];
    expect(toHex(tokenOf(salt, domain, y))).toBe(vector.token);
    expect(tokensOf(salt, domain, [y, y]).map(toHex)).toEqual([vector.token, vector.token]);
    expect(toHex(confirmKeyOf(salt, domain, y))).toBe(vector.confirmKey);
    expect(toHex(saltCommitment({ federation, epoch: vector.epoch, domain, salt }))).toBe(vector.saltCommitment);
  });

  it.each(vectors.confirmationMacs)("confirmation MAC of side $side", (vector) => {
    const mac = confirmationMac({
      cb: fromHex(vector.confirmKey),
      matchId: fromHex(vector.matchId),
      side: vector.side === 0 ? 0 : 1,
      nonces: [fromHex(vector.lowerSideNonce), fromHex(vector.higherSideNonce)],
    });
    expect(toHex(mac)).toBe(vector.mac);
  });

  it.each(vectors.signatures)("signature and key id, type $type", (vector) => {
    const { publicKey, secretKey } = signingKeyPair(fromHex(vector.seed));
    const content = { type: vector.type, federation, payload: fromHex(vector.payload) };
    expect(toHex(publicKey)).toBe(vector.publicKey);
    expect(toHex(keyId(publicKey))).toBe(vector.keyId);
    expect(toHex(signPayload({ ...content, secretKey }))).toBe(vector.signature);
    expect(verifyPayload({ ...content, publicKey, signature: fromHex(vector.signature) })).toBe(true);
  });

  it("a salt of three contributions, and its box", () => {
    const place = { federation, epoch: vectors.salt.epoch, domain: domainOf(vectors.salt.domain) };
    const contributions = vectors.salt.contributions.map((each) => ({
      administratorKeyId: fromHex(each.administratorKeyId),
      contribution: fromHex(each.contribution),
      commitment: fromHex(each.commitment),
    }));
    contributions.forEach((each) => expect(contributionCommitment({ ...place, ...each })).toEqual(each.commitment));
    const salt = combineContributions({ ...place, contributions });
    expect(toHex(salt)).toBe(vectors.salt.salt);
    const recipientKey = fromHex(vectors.salt.recipientKey);
    const plaintext = encodeSaltBox({ ...place, recipientKey, salt });
    expect(toHex(plaintext)).toBe(vectors.salt.boxPlaintext);
    const commitment = saltCommitment({ ...place, salt });
    expect(acceptSaltBox(concat(plaintext), { ...place, recipientKey, commitment })).toEqual(salt);
  });
});

function domainOf(text: string): Domain {
  if (!isDomain(text)) throw new RangeError("vector names no domain");
  return text;
}
