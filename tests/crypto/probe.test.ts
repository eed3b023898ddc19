import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROBED_PRIMITIVES, probeCrypto } from "../../shared/crypto/probe.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import type { Sodium } from "../../shared/crypto/sodium.ts";
import { expectRefusal } from "./support.ts";

const folder = new URL("../../shared/crypto/", import.meta.url);

/** Calls through the instance, such as `sodium.memcmp(`, in the folder but for the probe itself. */
function calledPrimitives(): Set<string> {
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "probe.ts");
  const text = sources.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  return new Set(Array.from(text.matchAll(/\bsodium\.(\w+)\(/g), (match) => match[1] as string));
}

describe("the start-up probe", () => {
  it("passes on the installed build", () => {
    expect(() => probeCrypto()).not.toThrow();
  });

  it("covers every primitive that is called, and no other", () => {
    const called = calledPrimitives();
    expect(called.size).toBeGreaterThan(20);
    expect([...called].toSorted()).toEqual([...PROBED_PRIMITIVES].toSorted());
  });

  it("knows of none that draws randomness itself", () => {
    const drawing = /random|keygen|(?<!seed)_keypair$|^crypto_box_seal$|_enc$/;
    expect(["randombytes_buf", "crypto_box_keypair", "crypto_kem_xwing_enc"].every((name) => drawing.test(name))).toBe(
      true,
    );
    expect(PROBED_PRIMITIVES.filter((name) => drawing.test(name))).toEqual([]);
  });

  it.each(PROBED_PRIMITIVES)("names %s when a build lacks it", (name) => {
    const error = expectRefusal(() => probeCrypto({ ...sodium, [name]: undefined }), "ENVIRONMENT");
    expect(error.fields).toContain(name);
    expect(error.message).toContain(name);
  });

  it.each(PROBED_PRIMITIVES)("names %s when it computes something else", (name) => {
    const wrong = { ...sodium, [name]: () => new Uint8Array(32) } as unknown as Sodium;
    expect(expectRefusal(() => probeCrypto(wrong), "ENVIRONMENT").fields).toContain(name);
  });
});

describe("random bytes", () => {
  it("come in the number asked for, and differ", () => {
    expect(randomBytes(0)).toHaveLength(0);
    expect(randomBytes(100)).toHaveLength(100);
    expect(randomBytes(32)).not.toEqual(randomBytes(32));
  });

  it("are refused for a number that is none", () => {
    for (const bad of [-1, 1.5, Number.NaN]) expect(() => randomBytes(bad)).toThrow(RangeError);
  });
});
