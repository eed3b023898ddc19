/** Which workstations a node lets in: the file, and the commands that change it. Fingerprints are invented. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  initialiseWorkstation,
  listWorkstations,
  pinWorkstation,
  unpinWorkstation,
} from "../../agency-node/cli/workstation-commands.ts";
import { readLocalKey } from "../../agency-node/disk/local-key.ts";
import { PinnedWorkstations, readWorkstations } from "../../agency-node/disk/pinned-workstations.ts";
import { createSelfSigned } from "../../shared/platform/certificates.ts";
import { certificateDer, keyFingerprint } from "../../shared/platform/tls.ts";
import { silentLog } from "../../shared/world/log.ts";

const KEY = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const NATS = "tls://127.0.0.1:4222";

let dir: string;
let lines: string[];
let values: unknown[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-workstations-"));
  writeFileSync(join(dir, "node.json"), JSON.stringify({ natsUrl: NATS, workstations: { listen: "127.0.0.1:7440" } }));
  [lines, values] = [[], []];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const output = { say: (text: string) => void lines.push(text), json: (value: unknown) => void values.push(value) };
const add = (name: string, key = KEY): void => pinWorkstation(dir, name, { key }, output);
const refusal = (code: string, ...fields: readonly string[]) => expect.objectContaining({ code, fields });
const list = (): string => join(dir, "workstations.json");

describe("the list", () => {
  it("holds names and keys, as people type them, for its owner only", () => {
    add("desk-2", "AB ".repeat(32));
    add("7", OTHER);
    expect(readWorkstations(dir)).toEqual({ "7": OTHER, "desk-2": KEY });
    expect(lstatSync(list()).mode & 0o777).toBe(0o600);
    listWorkstations(dir, output);
    expect(lines).toEqual(expect.arrayContaining([`7       ${OTHER}`, `desk-2  ${KEY}`]));
    unpinWorkstation(dir, "desk-2", output);
    expect(readWorkstations(dir)).toEqual({ "7": OTHER });
  });

  it("takes no bad name or key, none twice, and forgets none that it does not have", () => {
    add("desk-2");
    for (const name of ["", "Desk", "desk 2", "-", "constructor-", "__proto__", "d".repeat(33)]) {
      expect(() => add(name, OTHER)).toThrow(refusal("INVALID", "name"));
    }
    for (const key of ["", KEY.slice(1), `${KEY}0`, "x".repeat(64)]) {
      expect(() => add("desk-3", key)).toThrow(refusal("INVALID", "key"));
    }
    expect(() => add("desk-2", OTHER)).toThrow(refusal("CONFLICT"));
    expect(() => add("desk-3")).toThrow(refusal("CONFLICT"));
    for (const name of ["desk-3", "constructor"]) {
      expect(() => unpinWorkstation(dir, name, output)).toThrow(refusal("NOT_FOUND"));
    }
    expect(readWorkstations(dir)).toEqual({ "desk-2": KEY });
  });

  it("has an end, and what it holds can be read", () => {
    const key = (i: number): string => i.toString(16).padStart(64, "0");
    for (let i = 0; i < 100; i += 1) add(`desk-${i}`.padEnd(32, "x"), key(i));
    expect(() => add("one-more")).toThrow(refusal("EXHAUSTED"));
    expect(Object.keys(readWorkstations(dir))).toHaveLength(100);
  });

  it.each([
    ["is open to others", () => chmodSync(list(), 0o640)],
    ["is a link", () => [rmSync(list()), symlinkSync(join(dir, "node.json"), list())]],
    ["is no JSON", () => writeFileSync(list(), "{")],
    ["is a list", () => writeFileSync(list(), "[]")],
    ["holds what is no key", () => writeFileSync(list(), '{"desk-2":"ab"}')],
    ["lies where others can write", () => chmodSync(dir, 0o777)],
  ])("that %s lets nobody in, until it is mended", (_, damage) => {
    add("desk-2");
    const [before, pinned] = [readFileSync(list()), new PinnedWorkstations(dir, silentLog)];
    expect([pinned.nameOf(KEY), pinned.nameOf(OTHER)]).toEqual(["desk-2", undefined]);
    damage();
    expect(pinned.nameOf(KEY)).toBeUndefined();
    expect(() => readWorkstations(dir)).toThrow(refusal("ENVIRONMENT"));
    chmodSync(dir, 0o700);
    rmSync(list());
    writeFileSync(list(), before, { mode: 0o600 });
    expect(pinned.nameOf(KEY)).toBe("desk-2");
  });
});

describe("a workstation", () => {
  it("makes its key once, and says the fingerprint of that", async () => {
    const desk = join(dir, "desk");
    await initialiseWorkstation(desk, { node: "node.example:7440", nodeKey: OTHER }, output);
    const { certificatePem } = readLocalKey(desk);
    const fingerprint = keyFingerprint(certificateDer(certificatePem));
    expect(values).toEqual([{ fingerprint }]);
    expect(lines.at(-1)).toBe(`  ${fingerprint}`);
    expect(lstatSync(join(desk, "keys", "local.key")).mode & 0o777).toBe(0o600);
    await initialiseWorkstation(desk, { node: "other.example:7440", nodeKey: KEY }, output);
    expect(values.at(-1)).toEqual({ fingerprint });
    expect(JSON.parse(readFileSync(join(desk, "workstation.json"), "utf8"))).toEqual({
      node: "other.example:7440",
      nodeKey: KEY,
    });
  });

  it("is made of good settings only, and never in a node's directory", async () => {
    const bad = initialiseWorkstation(join(dir, "desk"), { node: "nowhere", nodeKey: "secret" }, output);
    await expect(bad).rejects.toEqual(refusal("INVALID", "node", "nodeKey"));
    expect(existsSync(join(dir, "desk"))).toBe(false);
    const here = initialiseWorkstation(dir, { node: "node.example:7440", nodeKey: KEY }, output);
    await expect(here).rejects.toEqual(refusal("CONFLICT"));
    expect(existsSync(join(dir, "keys"))).toBe(false);
  });
});

describe("a node", () => {
  it("says that it lets none in while its settings have no door for them", () => {
    writeFileSync(join(dir, "node.json"), JSON.stringify({ natsUrl: NATS }));
    add("desk-2");
    listWorkstations(dir, output);
    expect(lines.filter((line) => line === "None is let in: node.json has no workstations.listen.")).toHaveLength(2);
  });
});

it("a fingerprint is that of the key, whatever else the certificate says", async () => {
  const [one, two] = [await createSelfSigned(0), await createSelfSigned(0)];
  const [first, second] = [one, two].map(({ certificatePem }) => keyFingerprint(certificateDer(certificatePem)));
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(first).not.toBe(second);
  expect(keyFingerprint(new Uint8Array([1, 2, 3]))).toBeUndefined();
});
