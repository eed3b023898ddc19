/** Files that hold secrets, and the chain on disk. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { randomBytes } from "../../shared/world/random.ts";
import {
  makePrivateDirectory,
  readSecret,
  readSecretText,
  replaceFile,
  writeNewSecret,
} from "../../shared/party/key-files.ts";
import { decodeChain, encodeChain, loadChain, proveChain, writeChain } from "../../shared/party/chain-file.ts";
import { partyFile } from "../../shared/party/files.ts";
import { foundSample, NOW_MS } from "./sample-federation.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-keys-"));
  path = join(dir, "signing.key");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function refuses(attempt: () => unknown, mentions: string): void {
  expect(attempt).toThrow(expect.objectContaining({ code: "ENVIRONMENT", message: expect.stringContaining(mentions) }));
}

describe("a secret", () => {
  it("is read back as it was written, for its owner only", () => {
    const secret = randomBytes(32);
    writeNewSecret(path, secret);
    expect(readSecret(path, 32)).toEqual(secret);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(["signing.key"]);
  });

  it("is never overwritten", () => {
    const secret = randomBytes(32);
    writeNewSecret(path, secret);
    refuses(() => writeNewSecret(path, randomBytes(32)), path);
    expect(readSecret(path, 32)).toEqual(secret);
    expect(readdirSync(dir)).toEqual(["signing.key"]);
  });

  it.each([0o640, 0o604, 0o660, 0o610, 0o602])("is refused when group or others have rights: %o", (mode) => {
    writeNewSecret(path, randomBytes(32));
    chmodSync(path, mode);
    refuses(() => readSecret(path, 32), `chmod 600 ${path}`);
  });

  it("is refused in a directory that others can write to", () => {
    writeNewSecret(path, randomBytes(32));
    chmodSync(dir, 0o770);
    refuses(() => readSecret(path, 32), `chmod 700 ${dir}`);
  });

  it("is refused behind a symbolic link", () => {
    const elsewhere = join(dir, "elsewhere");
    writeNewSecret(elsewhere, randomBytes(32));
    symlinkSync(elsewhere, path);
    refuses(() => readSecret(path, 32), "symbolic link");
  });

  it("is refused when it is a directory, missing, or of another length", () => {
    refuses(() => readSecret(path, 32), "missing");
    mkdirSync(path);
    refuses(() => readSecret(path, 32), "regular file");
    rmSync(path, { recursive: true });
    for (const length of [0, 31, 33]) {
      writeNewSecret(path, randomBytes(length));
      refuses(() => readSecret(path, 32), `has ${length} bytes, and this kind of key 32`);
      rmSync(path);
    }
    writeNewSecret(path, "");
    refuses(() => readSecretText(path), "has 0 bytes, and this kind of key 1 to 16384");
  });

  it("is refused when it is all zeros, as a power cut can leave it", () => {
    writeNewSecret(path, new Uint8Array(32));
    refuses(() => readSecret(path, 32), "nothing but zeros");
  });

  it("does not appear in an error", () => {
    writeNewSecret(path, "not-a-32-byte-secret");
    const errorOf = (attempt: () => unknown): string => {
      try {
        attempt();
      } catch (error) {
        return `${String(error)} ${JSON.stringify(error)}`;
      }
      throw new Error("not refused");
    };
    expect(errorOf(() => readSecret(path, 32))).not.toContain("not-a-32");
    expect(errorOf(() => writeNewSecret(path, "another-secret"))).not.toContain('secret"');
  });
});

describe("a private directory", () => {
  it("is made for its owner only, and refused when others can write to it", () => {
    const inner = join(dir, "a", "b");
    makePrivateDirectory(inner);
    expect(statSync(inner).mode & 0o777).toBe(0o700);
    chmodSync(inner, 0o777);
    refuses(() => makePrivateDirectory(inner), "chmod 700");
  });
});

describe("a replaced file", () => {
  it("has the new content and mode, and leaves nothing beside it", () => {
    writeFileSync(path, "old", { mode: 0o666 });
    replaceFile(path, "new", 0o600);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(["signing.key"]);
  });
});

describe("the chain on disk", () => {
  it("is proven at each load, never taken back, and refused when cut off or changed", async () => {
    using sample = await foundSample();
    const file = partyFile(sample.dir("harbour"), "chain");
    const context = { pinnedFingerprint: sample.founded.fingerprint, nowMs: NOW_MS };
    const chain = loadChain(file, context);
    expect(chain.federation).toEqual(sample.founded.federation);
    const shorter = proveChain(chain.directives.slice(0, -1), context);
    expect(() => writeChain(file, shorter, context)).toThrow(expect.objectContaining({ code: "OUT_OF_SEQUENCE" }));
    expect(loadChain(file, context).directives.length).toBe(chain.directives.length);
    expect(writeChain(file, chain, context)).toBe(chain);
    const bytes = new Uint8Array(readFileSync(file));
    expect(encodeChain(decodeChain(bytes))).toEqual(bytes);
    for (const length of [bytes.length - 1, 3]) {
      truncateSync(file, length);
      expect(() => loadChain(file, context)).toThrow(expect.objectContaining({ code: "INVALID" }));
    }
    const pinnedFingerprint = randomBytes(32);
    writeFileSync(file, bytes);
    expect(() => loadChain(file, { ...context, pinnedFingerprint })).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
    rmSync(file);
    expect(() => loadChain(file, context)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(existsSync(file)).toBe(false);
  });
});
