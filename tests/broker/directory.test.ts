import { getEventListeners } from "node:events";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBrokerSealingKeys, readBrokerSigner } from "../../broker/keys.ts";
import { listDirectivesRpc } from "../../broker/rpc/list-directives.ts";
import { Directory } from "../../broker/store/directory.ts";
import { decodeChain, encodeChain } from "../../shared/party/chain-file.ts";
import { PEER_KEY } from "../../shared/platform/grpc-sessions.ts";
import { partyFile } from "../../shared/party/files.ts";
import { collectGarbage } from "../bench/measure.ts";
import { foundSample, NOW_MS } from "../trust/sample-federation.ts";
import type { SampleFederation } from "../trust/sample-federation.ts";

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

  const open = (): Directory => new Directory(sample.dir("broker"), () => NOW_MS);
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
    const told = [directory.changeWithin(60_000, stop.signal), directory.nextChange(stop.signal).then(() => true)];
    write(whole);
    directory.refresh();
    expect(await Promise.all(told)).toEqual([true, true]);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    const stopped = directory.changeWithin(60_000, stop.signal);
    const ended = directory.nextChange(stop.signal);
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(2);
    stop.abort();
    await Promise.all([ended, directory.nextChange(stop.signal)]);
    expect([await stopped, await directory.changeWithin(60_000, stop.signal)]).toEqual([false, false]);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  it("keeps nothing of waits that were in vain", async () => {
    const directory = open();
    const { signal } = new AbortController();
    const waitInVain = async (): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 1_000 }, () => directory.changeWithin(0, signal)));
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
    { what: "what is to come as well, by one who may not", follow: true, waits: 1, refused: true },
  ])("waits for no call for $what when it has ended", async ({ follow, waits, refused = false }) => {
    const directory = open();
    const ended: Promise<void>[] = [];
    const nextChange = (signal: AbortSignal): Promise<void> => {
      const change = directory.nextChange(signal);
      ended.push(change);
      return change;
    };
    const { chain } = directory;
    const list = listDirectivesRpc({
      directory: { chain, readFreshness: () => directory.readFreshness(), nextChange },
    });
    const peer = refused ? { kind: "member", member: "0".repeat(32) } : { kind: "broker" };
    const metadata = new Map([[PEER_KEY, JSON.stringify(peer)]]);
    // As of a call that ends by itself: it never aborts.
    const { signal } = new AbortController();
    const answers = list({ fromNumber: BigInt(chain.directives.length), follow }, { metadata, signal } as never);
    if (refused) await expect(answers.next()).rejects.toMatchObject({ code: "FORBIDDEN" });
    else expect((await answers.next()).value?.directive).toBeDefined();
    if (follow) await answers.return(undefined);
    else expect((await answers.next()).done).toBe(true);
    expect(ended).toHaveLength(waits);
    await Promise.all(ended);
  });

  it("must name the keys that the broker has", () => {
    const { federation } = open();
    const dir = sample.dir("broker");
    expect(readBrokerSigner(dir, federation).publicKey).toEqual(federation.found.broker.signingKey);
    expect([...readBrokerSealingKeys(dir, federation).keys()]).toEqual([1]);
    const stranger = {
      ...federation,
      found: { ...federation.found, broker: { ...federation.found.broker, signingKey: new Uint8Array(32) } },
    };
    expect(() => readBrokerSigner(dir, stranger)).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
    const epoch = { ...federation.epochs.get(1)!, brokerSealingKey: new Uint8Array(32) };
    expect(() => readBrokerSealingKeys(dir, { ...federation, epochs: new Map([[1, epoch]]) })).toThrow(
      expect.objectContaining({ code: "ENVIRONMENT" }),
    );
  });
});
