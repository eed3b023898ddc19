/** Who hears of directives, and when. All directives are invented. */
import { describe, expect, it } from "vitest";
import { Directives } from "../../broker/directives.ts";
import type { Hearers } from "../../broker/directives.ts";
import { Directory } from "../../broker/store/directory.ts";
import { MemoryChain } from "../sim/memory-chain.ts";
import { SimWorld } from "../sim/world.ts";
import { PaperFederation } from "../trust/paper-federation.ts";
import { RecordedLog } from "./support.ts";

function scene(over: (heard: string[]) => Partial<Hearers> = () => ({})) {
  const recorded = new RecordedLog();
  const world = new SimWorld("directives", { log: recorded.log });
  const paper = new PaperFederation({ nowMs: world.clock() });
  paper.rotate(1);
  const chain = new MemoryChain(paper.fingerprint, paper.chain);
  const directory = new Directory(chain, world);
  const heard: string[] = [];
  const raised: string[] = [];
  const stop = new AbortController();
  const note = (what: string) => (): void => void heard.push(what);
  const hearers: Hearers = {
    atOnce: [note("first"), note("second")],
    soon: [note("third"), note("fourth")],
    inTime: [async () => note("fifth")(), async () => note("sixth")()],
    ...over(heard),
  };
  const watch = { raise: (kind: string) => void raised.push(kind) };
  const directives = new Directives({ directory, hearers, watch, world, signal: stop.signal });
  directory.onGrown(() => directives.tellAtOnce());
  return { world, paper, chain, directory, directives, heard, raised, recorded, stop };
}

describe("a directive", () => {
  it("is heard of at once in the step in which it is taken, soon at the next look, once", () => {
    const { paper, directory, directives, heard, recorded } = scene();
    directives.look();
    expect(heard).toEqual([]);
    paper.admit("harbour");
    directory.append(paper.chain.at(-1)!);
    expect(heard).toEqual(["first", "second"]);
    directives.look();
    directives.look();
    expect(heard).toEqual(["first", "second", "third", "fourth"]);
    expect(recorded.count("directory.grown")).toBe(1);
  });

  it("is heard of as well if the operator puts it there", () => {
    const { paper, chain, directives, heard } = scene();
    paper.admit("harbour");
    chain.replace(paper.chain);
    directives.look();
    expect(heard).toEqual(["first", "second", "third", "fourth"]);
  });

  it("is told again to those who could not act on it, with an alarm", () => {
    let isReady = false;
    const { paper, directory, directives, heard, raised, recorded } = scene((list) => ({
      soon: [
        () => {
          if (!isReady) throw new Error("no such key");
          list.push("third");
        },
        () => void list.push("fourth"),
      ],
    }));
    paper.admit("harbour");
    directory.append(paper.chain.at(-1)!);
    directives.look();
    expect(heard).toEqual(["first", "second"]);
    expect([raised, recorded.count("alarm.directoryRefused")]).toEqual([["directoryRefused"], 1]);
    isReady = true;
    directives.look();
    expect(heard).toEqual(["first", "second", "third", "fourth"]);
  });

  it("changes nothing if it cannot be proven", () => {
    const { paper, chain, directory, directives, heard, raised } = scene();
    const { number } = directory.federation.head;
    const body = paper.admission("harbour", ["target"]);
    chain.replace([...paper.chain, paper.sign(body, paper.seats.slice(0, 1))]);
    directives.look();
    expect([directory.federation.head.number, heard, raised]).toEqual([number, [], ["directoryRefused"]]);
  });

  it("is carried out in order beside the rest, also one that comes while another is", async () => {
    const work = Promise.withResolvers<void>();
    let rounds = 0;
    const { world, paper, directory, directives, heard, stop } = scene((list) => ({
      inTime: [
        async () => {
          list.push(`begun ${(rounds += 1)}`);
          if (rounds === 1) await work.promise;
        },
        async () => void list.push(`done ${rounds}`),
      ],
    }));
    const carrying = directives.carryOut();
    await world.settle();
    paper.admit("harbour");
    directory.append(paper.chain.at(-1)!);
    await world.settle();
    expect(heard).toEqual(["begun 1", "first", "second"]);
    work.resolve();
    await world.settle();
    expect(heard).toEqual(["begun 1", "first", "second", "done 1", "begun 2", "done 2"]);
    stop.abort();
    await carrying;
    expect(heard).toHaveLength(6);
  });
});
