import { describe, expect, it } from "vitest";
import type { HardenedIdentifier, Layout } from "../../agency-node/core/publication.ts";
import { findTags, provesKnowledge } from "../../agency-node/core/tags.ts";
import { concat } from "../../shared/core/bytes.ts";
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { invented } from "../crypto/support.ts";

const identifier = (tokenClass: TokenClass, name: string): HardenedIdentifier => ({
  kind: "passport",
  class: tokenClass,
  cacheKey: new TextEncoder().encode(name),
});
const nameOf = ({ cacheKey }: HardenedIdentifier): string => new TextDecoder().decode(cacheKey);
const tagOf = (name: string): Uint8Array => invented(`tag of ${name}`, 8);
const tokenOf = (name: string): Uint8Array => invented(`token of ${name}`, 16);
const expected = (own: HardenedIdentifier) => ({ token: tokenOf(nameOf(own)), tag: tagOf(nameOf(own)) });

const LAYOUT: Layout = {
  single: [null, identifier("single", "passport"), identifier("single", "phone")],
  opening: [],
  support: [identifier("support", "year")],
};
const NOTHING = new Uint8Array();

describe("tags of a meeting", () => {
  it("hold where the other side knows what stands behind the own token, at its own place", () => {
    const found = findTags(
      LAYOUT,
      {
        positions: { single: [1, 2], opening: [], support: [0] },
        otherTags: { single: concat(tagOf("passport"), tagOf("passport")), opening: NOTHING, support: tagOf("year") },
      },
      expected,
    );
    expect(found).toEqual({
      valid: { single: [1], opening: [], support: [0] },
      failed: { single: [2], opening: [], support: [] },
      agreed: [
        { tokenClass: "single", token: tokenOf("passport") },
        { tokenClass: "support", token: tokenOf("year") },
      ],
    });
  });

  it("fail at padding, outside, in another class, and where the broker sends none", () => {
    const { valid, failed, agreed } = findTags(
      LAYOUT,
      {
        positions: { single: [0, 9, 1], opening: [0], support: [0] },
        otherTags: {
          single: concat(tagOf("passport"), tagOf("passport")),
          opening: tagOf("passport"),
          support: NOTHING,
        },
      },
      expected,
    );
    expect(valid).toEqual({ single: [], opening: [], support: [] });
    expect(failed).toEqual({ single: [0, 9, 1], opening: [0], support: [0] });
    expect(agreed).toEqual([]);
  });

  it("prove knowledge by a class that opens a match, and not by support alone", () => {
    const none = { single: [], opening: [], support: [] };
    expect(provesKnowledge({ valid: { ...none, single: [1] } })).toBe(true);
    expect(provesKnowledge({ valid: { ...none, opening: [0] } })).toBe(true);
    expect(provesKnowledge({ valid: { ...none, support: [0, 1] } })).toBe(false);
    expect(provesKnowledge({ valid: none })).toBe(false);
  });
});
