/** What the broker may expect of its ports, of those on a disk as of those in memory. All keys and directives are invented. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chainOnDisk } from "../../broker/disk/chain-on-disk.ts";
import { keysOnDisk } from "../../broker/disk/keys-on-disk.ts";
import type { KeptChain, OwnKeys } from "../../broker/ports.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { SignedDirective } from "../../shared/core/directive.ts";
import { publicKeyOf } from "../../shared/crypto/oprf.ts";
import { encodeChain, proveChain } from "../../shared/party/chain-file.ts";
import { partyFile } from "../../shared/party/files.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { initBroker } from "../../shared/party/new-party.ts";
import { signPayload, verifyPayload } from "../../shared/crypto/sign.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { MemoryChain } from "../sim/memory-chain.ts";
import { memoryKeys } from "../sim/memory-keys.ts";
import { newSigner, PaperFederation } from "../trust/paper-federation.ts";
import { NOW_MS } from "../trust/sample-federation.ts";

const world = systemWorld(silentLog);
const dirs: string[] = [];
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

function emptyDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "causeway-ports-"));
  dirs.push(dir);
  return dir;
}

type ChainMedium = (pin: Uint8Array, directives: readonly SignedDirective[]) => KeptChain;
const diskChain: ChainMedium = (pin, directives) => {
  const dir = emptyDir();
  replaceFile(partyFile(dir, "pin"), `${toHex(pin)}\n`, 0o644);
  if (directives.length > 0) replaceFile(partyFile(dir, "chain"), encodeChain(directives), 0o644);
  return chainOnDisk(dir);
};

describe.each<[string, ChainMedium]>([
  ["on a disk", diskChain],
  ["in memory", (...of) => new MemoryChain(...of)],
])("the chain of directives kept %s", (_where, keep) => {
  const federation = new PaperFederation();
  federation.rotate(1);
  federation.admit("harbour");
  const { chain, fingerprint } = federation;
  const prove = (directives: readonly SignedDirective[]) =>
    proveChain(directives, { pinnedFingerprint: fingerprint, nowMs: NOW_MS });
  const payloads = (kept: KeptChain): string[] => kept.directives().map(({ payload }) => toHex(payload));

  it("is read as it was written, and goes further only", () => {
    const kept = keep(fingerprint, chain.slice(0, 2));
    expect(kept.pinnedFingerprint).toEqual(fingerprint);
    expect(payloads(kept)).toHaveLength(2);
    const before = kept.stampOf("chain");
    expect(kept.stampOf("chain")).toBe(before);
    kept.keep(prove(chain), NOW_MS);
    expect(kept.stampOf("chain")).not.toBe(before);
    const all = chain.map(({ payload }) => toHex(payload));
    expect(payloads(kept)).toEqual(all);
    const refused = expect.objectContaining({ code: "OUT_OF_SEQUENCE" });
    expect(() => kept.keep(prove(chain.slice(0, 3)), NOW_MS)).toThrow(refused);
    const other = new PaperFederation();
    const others = proveChain(other.chain, { pinnedFingerprint: other.fingerprint, nowMs: NOW_MS });
    expect(() => kept.keep(others, NOW_MS)).toThrow(refused);
    expect(payloads(kept)).toEqual(all);
  });

  it("may not be there yet", () => {
    const kept = keep(fingerprint, []);
    expect(() => kept.directives()).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    kept.keep(prove(chain), NOW_MS);
    expect(payloads(kept)).toHaveLength(chain.length);
  });

  it("has the last freshness statement beside it, if there is one", () => {
    const kept = keep(fingerprint, chain);
    expect(kept.freshness()).toBeUndefined();
    const before = [kept.stampOf("chain"), kept.stampOf("freshness")];
    kept.keepFreshness(new Uint8Array([1, 2, 3]));
    expect(kept.freshness()).toEqual(new Uint8Array([1, 2, 3]));
    expect(kept.stampOf("chain")).toBe(before[0]);
    expect(kept.stampOf("freshness")).not.toBe(before[1]);
    kept.keepFreshness(new Uint8Array([4]));
    expect(kept.freshness()).toEqual(new Uint8Array([4]));
  });
});

/** With neither a sealing key nor a share of the epochs and generations from 2 on. */
type KeyMedium = () => Promise<OwnKeys>;
const diskKeys: KeyMedium = async () => {
  const dir = join(emptyDir(), "broker");
  await initBroker(dir);
  return keysOnDisk(dir);
};

describe.each<[string, KeyMedium]>([
  ["on a disk", diskKeys],
  ["in memory", () => Promise.resolve(memoryKeys(newSigner(), world))],
])("the broker's keys kept %s", (_where, make) => {
  const missing = expect.objectContaining({ code: "ENVIRONMENT" });

  it("are made for an epoch to come, once, and destroyed for good", async () => {
    const { sealing } = await make();
    expect(() => sealing.read(2)).toThrow(missing);
    const publicKey = sealing.prepare(2);
    expect(sealing.prepare(2)).toEqual(publicKey);
    expect(sealing.read(2).publicKey).toEqual(publicKey);
    expect(sealing.prepare(3)).not.toEqual(publicKey);
    expect(sealing.epochs()).toEqual(expect.arrayContaining([2, 3]));
    sealing.destroy(2);
    sealing.destroy(2);
    expect(sealing.epochs()).not.toContain(2);
    expect(() => sealing.read(2)).toThrow(missing);
    expect(sealing.prepare(2)).not.toEqual(publicKey);
  });

  it("are made for a generation to come, once, and destroyed for good", async () => {
    const { shares } = await make();
    expect(() => shares.read(2)).toThrow(missing);
    const publicKey = shares.prepare(2);
    expect(shares.prepare(2)).toEqual(publicKey);
    expect(publicKeyOf(shares.read(2))).toEqual(publicKey);
    expect(shares.generations()).toContain(2);
    shares.destroy(2);
    expect(shares.generations()).not.toContain(2);
    expect(() => shares.read(2)).toThrow(missing);
    expect(shares.prepare(2)).not.toEqual(publicKey);
  });

  it("sign", async () => {
    const { signer } = await make();
    const scope = { type: "directive", federation: new Uint8Array(16), payload: new Uint8Array([7]) };
    const signature = signPayload({ ...scope, secretKey: signer.secretKey });
    expect(verifyPayload({ ...scope, publicKey: signer.publicKey, signature })).toBe(true);
  });
});
