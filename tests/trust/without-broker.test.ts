/** What the board can do while there is no broker: decide in a folder, and carry the chain to every party. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readChain } from "../../agency-node/admin/board.ts";
import { catchUpBy } from "../../agency-node/admin/commands/party.ts";
import { officeInFolder } from "../../agency-node/admin/folder-office.ts";
import { approve, findProposal, propose } from "../../agency-node/admin/proposals.ts";
import { takeSeat } from "../../agency-node/admin/seat.ts";
import type { Seat } from "../../agency-node/admin/seat.ts";
import { makeRegistrar } from "../../agency-node/registrar/new-registrar.ts";
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Places } from "../../shared/core/directive.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readTls } from "../../shared/party/tls.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { SOON } from "../support/patience.ts";
import { foundSample } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";

const QUIET = { say: () => undefined, json: () => undefined };
const MOVED: { readonly type: "places" } & Places = {
  type: "places",
  broker: "127.0.0.1:7500",
  evaluators: [],
  nats: "",
  reason: "invented reason",
};
let sample: SampleFederation;
beforeEach(async () => {
  sample = await foundSample(Date.now());
});
afterEach(() => sample[Symbol.dispose]());

const folder = (): string => join(sample.root, "sitting");

async function seat(name: string): Promise<Seat> {
  const dir = sample.dir(name);
  const nowMs = Date.now();
  const context = { pinnedFingerprint: sample.founded.fingerprint, nowMs };
  return await takeSeat(dir, officeInFolder(folder(), readChain(dir, nowMs), context), nowMs);
}

/** The chair proposes in the folder, and its digest is read out. */
async function proposed(): Promise<string> {
  return toHex((await propose(await seat("chair"), MOVED, { unfresh: true })).digest);
}

async function approved(name: string, digest: string): Promise<string> {
  const sitting = await seat(name);
  return (await approve(sitting, await findProposal(sitting, digest), { unfresh: true })).state;
}

describe("a folder that administrators hand on", () => {
  it("has the directive in its chain once a quorum has signed there, and not before", async () => {
    const digest = await proposed();
    expect((await seat("deputy")).federation.found.broker.address).toBe("localhost:7443");
    expect(await approved("deputy", digest)).toBe("accepted");
    expect((await seat("clerk")).federation.found.broker.address).toBe("127.0.0.1:7500");
  });

  it("takes one administrator who signs twice for one", async () => {
    const digest = await proposed();
    expect(await approved("chair", digest)).toBe("waiting");
    expect(await approved("deputy", digest)).toBe("accepted");
  });

  it("does not let an administrator sign while nothing states that the chain is complete", async () => {
    await expect(propose(await seat("chair"), MOVED)).rejects.toMatchObject({ code: "UNPROVEN" });
  });

  it("gives every party the chain, and none of another history", async () => {
    await approved("deputy", await proposed());
    const chain = partyFile(folder(), "chain");
    for (const party of ["harbour", "key-office", "broker"]) {
      catchUpBy(sample.dir(party), { chain }, QUIET);
      expect(readChain(sample.dir(party), Date.now()).federation.found.broker.address).toBe("127.0.0.1:7500");
      // Again, and with an older one: nothing is taken back.
      catchUpBy(sample.dir(party), { chain }, QUIET);
      catchUpBy(sample.dir(party), { chain: partyFile(sample.dir("border"), "chain") }, QUIET);
      expect(readChain(sample.dir(party), Date.now()).federation.found.broker.address).toBe("127.0.0.1:7500");
    }
    using other = await foundSample(Date.now());
    const foreign = { chain: partyFile(other.dir("broker"), "chain") };
    expect(() => catchUpBy(sample.dir("border"), foreign, QUIET)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });
});

describe("a party that runs while no broker answers", () => {
  it("takes the chain that somebody has put into its directory, and looks for the broker where that says", async () => {
    const dead = grpcClient(DirectoryServiceDefinition, {
      address: "127.0.0.1:1",
      tls: readTls(sample.dir("harbour")),
      expected: { kind: "broker" },
    });
    const world = systemWorld(silentLog);
    using follower = new ChainFollower({ dir: sample.dir("harbour"), world, connection: dead });
    const stop = new AbortController();
    const running = follower.run(stop.signal);
    await approved("deputy", await proposed());
    catchUpBy(sample.dir("harbour"), { chain: partyFile(folder(), "chain") }, QUIET);
    await expect.poll(() => follower.federation.found.broker.address, SOON).toBe("127.0.0.1:7500");
    stop.abort();
    await running;
  });
});

describe("another registrar", () => {
  it("has keys of its own, which count once the board has named them", async () => {
    const dir = join(sample.root, "registrar");
    const flags = {
      dir,
      chain: partyFile(sample.dir("chair"), "chain"),
      fingerprint: toHex(sample.founded.fingerprint),
    };
    await makeRegistrar(flags, { randomBytes }, QUIET);
    const { tlsRoots } = sample.founded.federation.found;
    expect(() => readRegistrarKeys(dir, tlsRoots.at(-1))).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
    expect(existsSync(partyFile(dir, "certificate"))).toBe(true);
    await expect(makeRegistrar(flags, { randomBytes }, QUIET)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});
