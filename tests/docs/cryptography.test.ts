/** The inventory of cryptography knows all that is used, and nothing that is not. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { PROBED_PRIMITIVES } from "../../shared/crypto/probe.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const page = readFileSync(join(ROOT, "docs", "cryptography.md"), "utf8");
const quoted = new Set([...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text));

/** Packages and modules whose work is cryptography. */
const CRYPTOGRAPHY = /^(?:node:(?:crypto|tls)|.*(?:noble|shamir|nkeys|jwt|x509|webauthn\/server).*)$/;

function importedPackages(): Set<string> {
  const files = globSync("{shared,broker,agency-node,deploy}/**/*.ts", { cwd: ROOT });
  const texts = files.map((file) => readFileSync(join(ROOT, file), "utf8"));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/ from "([^".][^"]*)"/g)].map(([, name]) => name as string)),
  );
}

describe("docs/cryptography.md", () => {
  it("names every function of libsodium that is called, which are those that the start-up probe tries", () => {
    expect(PROBED_PRIMITIVES.filter((name) => !quoted.has(name))).toEqual([]);
  });

  it("names no function that is not called", () => {
    const functions = [...quoted].filter((text) => /^crypto_\w+$/.test(text as string));
    expect(functions.length).toBeGreaterThan(20);
    expect(functions.filter((name) => !PROBED_PRIMITIVES.includes(name as string))).toEqual([]);
  });

  it("names every package that does cryptography", () => {
    const packages = [...importedPackages()].filter((name) => CRYPTOGRAPHY.test(name));
    expect(packages).toContain("shamir-secret-sharing");
    expect(packages.filter((name) => !quoted.has(name))).toEqual([]);
  });

  it("points to files that are there", () => {
    const paths = [...quoted].filter((text) => /^(?:shared|agency-node|broker|tests)\/.+\.ts$/.test(text as string));
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(ROOT, path as string)))).toEqual([]);
  });
});
