import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
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
  agreedHash,
  binderOf,
  confirmKeyOf,
  meetingPayload,
  ownerOf,
  saltCommitment,
  saltKey,
  tagger,
  tokenOf,
  tokensOf,
} from "../../shared/crypto/token.ts";
import { invented } from "./support.ts";
import vectors from "./vectors/causeway-v2.json" with { type: "json" };

const federation = fromHex(vectors.federation);
const shares = vectors.evaluators.keyShares.map(fromHex);

describe("the frozen vectors of protocol version 2", () => {
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

  it.each(vectors.tags)("owner, binder and tag in epoch $epoch", (vector) => {
    const owner = ownerOf({
      member: toId<MemberId>(vector.member),
      handle: toId<Handle>(vector.handle),
      blind: fromHex(vector.blind),
    });
    const binder = binderOf(fromHex(vector.conversationKey), owner);
    expect([owner, binder].map(toHex)).toEqual([vector.owner, vector.binder]);
    expect(toHex(tagger({ federation, epoch: vector.epoch, binder })(fromHex(vector.confirmKey)))).toBe(vector.tag);
  });

  it("the payload of a statement", () => {
    const { matchId, ownBinder, otherBinder, agreed, validHash, payload } = vectors.statement;
    const tokens = agreed.map(({ tokenClass, token }) => ({
      tokenClass: tokenClass as TokenClass,
      token: fromHex(token),
    }));
    expect(toHex(agreedHash(tokens))).toBe(validHash);
    const of = { matchId, ownBinder, otherBinder, validHash };
    const [id, own, other, hash] = Object.values(of).map(fromHex) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    expect(toHex(meetingPayload({ matchId: id, ownBinder: own, otherBinder: other, validHash: hash }))).toBe(payload);
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
