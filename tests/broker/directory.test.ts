import { getEventListeners } from "node:events";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { chainOnDisk } from "../../broker/disk/chain-on-disk.ts";
import { keysOnDisk } from "../../broker/disk/keys-on-disk.ts";
import { announcedSealingKeys, assertOwnSigner, lostSealingKeys } from "../../broker/keys.ts";
import { listDirectivesRpc } from "../../broker/rpc/list-directives.ts";
import { Directory } from "../../broker/store/directory.ts";
import { decodeChain, encodeChain } from "../../shared/party/chain-file.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { Sleeper } from "../../shared/world/wake.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { PEER_KEY } from "../../shared/platform/grpc-sessions.ts";
import { partyFile } from "../../shared/party/files.ts";
import { collectGarbage } from "../bench/measure.ts";
import { foundSample, NOW_MS } from "../trust/sample-federation.ts";
import type { SampleFederation } from "../trust/sample-federation.ts";

async function readToEnd(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}

describe("the broker's copy of the directives", () => {
  let sample: SampleFederation;
  let path: string;
  let whole: Uint8Array;

  beforeAll(async () => {
    sample = await foundSample();
    path = partyFile(sample.dir("broker"), "chain");
    whole = new Uint8Array(readFileSync(path));
  });
  afterAll(() => sample[Symbol.dispose]());

  const world = { ...systemWorld(silentLog), clock: () => NOW_MS };
  const open = (): Directory => new Directory(chainOnDisk(sample.dir("broker")), world);
  function write(chain: Uint8Array): void {
    writeFileSync(path, chain);
    // The clock of some file systems is coarse; the stamp must differ all the same.
    const at = Date.now() / 1_000 + Math.random() * 1_000;
    utimesSync(path, at, at);
  }

  it("is taken further when the file goes further", () => {
    write(encodeChain(decodeChain(whole).slice(0, -1)));
    const directory = open();
    expect(directory.refresh()).toBe(false);
    const before = directory.federation.head.number;
    write(whole);
    expect(directory.refresh()).toBe(true);
    expect(directory.federation.head.number).toBe(before + 1);
  });

  it("is not taken back when the file is shorter, or broken", () => {
    write(whole);
    const directory = open();
    const { number } = directory.federation.head;
    write(encodeChain(decodeChain(whole).slice(0, -1)));
    expect(() => directory.refresh()).toThrow(expect.objectContaining({ code: "OUT_OF_SEQUENCE" }));
    write(whole.subarray(0, -1));
    expect(() => directory.refresh()).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(directory.federation.head.number).toBe(number);
    write(whole);
  });

  it("tells whoever waits of a change at once", async () => {
    write(encodeChain(decodeChain(whole).slice(0, -1)));
    const directory = open();
    const stop = new AbortController();
    const told = [directory.listen(), directory.listen()].map((changes) => changes.wait(60_000, stop.signal));
    write(whole);
    directory.refresh();
    expect(await Promise.all(told)).toEqual([true, true]);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    const changes = directory.listen();
    const stopped = [changes, directory.listen()].map((each) => each.wait(60_000, stop.signal));
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(2);
    stop.abort();
    expect(await Promise.all(stopped)).toEqual([false, false]);
    expect(await changes.wait(60_000, stop.signal)).toBe(false);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  it("keeps nothing of waits that were in vain", async () => {
    const directory = open();
    const { signal } = new AbortController();
    const waitInVain = async (): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 1_000 }, () => directory.listen().wait(0, signal)));
      }
      collectGarbage();
    };
    await waitInVain();
    const before = process.memoryUsage().heapUsed;
    await waitInVain();
    // A promise that is raced against the time keeps some 300 bytes of each wait.
    expect((process.memoryUsage().heapUsed - before) / 20_000).toBeLessThan(50);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it.each([
    { what: "what stands now", follow: false, waits: 0 },
    { what: "what is to come as well, by one who goes away", follow: true, waits: 1 },
    { what: "what is to come as well, by one who may not", follow: true, waits: 0, refused: true },
  ])("waits for no call for $what when it has ended", async ({ follow, waits, refused = false }) => {
    const directory = open();
    const ended: Promise<boolean>[] = [];
    const listen = (): Sleeper => {
      const changes = directory.listen();
      const wait: Sleeper["wait"] = (ms, signal) => {
        const change = changes.wait(ms, signal);
        ended.push(change);
        return change;
      };
      return { wait };
    };
    const { chain } = directory;
    const list = listDirectivesRpc({ directory: { chain, readFreshness: () => directory.readFreshness(), listen } });
    const peer = refused ? { kind: "member", member: "0".repeat(32) } : { kind: "broker" };
    const metadata = new Map([[PEER_KEY, JSON.stringify(peer)]]);
    const call = new AbortController();
    const { signal } = call;
    const answers = list({ fromNumber: BigInt(chain.directives.length), follow }, { metadata, signal } as never);
    if (refused) await expect(answers.next()).rejects.toMatchObject({ code: "FORBIDDEN" });
    else expect((await answers.next()).value?.directive).toBeDefined();
    if (waits > 0) {
      const reading = readToEnd(answers);
      await vi.waitFor(() => expect(ended).toHaveLength(waits));
      call.abort();
      await reading;
    }
    expect((await answers.next()).done).toBe(true);
    expect(ended).toHaveLength(waits);
    expect(await Promise.all(ended)).toEqual(Array.from({ length: waits }, () => false));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("must name the keys that the broker has", () => {
    const { federation } = open();
    const keys = keysOnDisk(sample.dir("broker"));
    const { broker } = federation.found;
    expect(keys.signer.publicKey).toEqual(broker.signingKey);
    expect(() => assertOwnSigner(keys, federation)).not.toThrow();
    expect([...announcedSealingKeys(keys.sealing, federation).keys()]).toEqual([1]);
    const stranger = {
      ...federation,
      found: { ...federation.found, broker: { ...broker, signingKey: new Uint8Array(32) } },
    };
    expect(() => assertOwnSigner(keys, stranger)).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
    const epoch = { ...federation.epochs.get(1)!, brokerSealingKey: new Uint8Array(32) };
    const announced = { ...federation, epochs: new Map([[1, epoch]]) };
    const held = announcedSealingKeys(keys.sealing, announced);
    expect([...held.keys()]).toEqual([]);
    expect(lostSealingKeys(held, announced)).toEqual([1]);
  });
});
