/** A board that gives way altogether: those who join sign where their keys are, before they have any certificate. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changeBoard, listRequests, release } from "../../agency-node/admin/commands/board.ts";
import { suspend } from "../../agency-node/admin/commands/membership.ts";
import { approveProposal, endorse, showProposal } from "../../agency-node/admin/commands/proposals.ts";
import { Waiting } from "../../agency-node/admin/waiting.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { partyFile } from "../../shared/party/files.ts";
import { initAdministrator } from "../../shared/party/new-party.ts";
import { BoardRoom } from "../support/board-room.ts";
import { foundSample, NOW_MS } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";

const NEWCOMERS = ["first", "second", "third"];
const QUIET = { say: () => undefined, json: () => undefined };
let founded: SampleFederation;
let room: BoardRoom;
let proposal: string;

beforeAll(async () => {
  founded = await foundSample();
});
afterAll(() => founded?.[Symbol.dispose]());

beforeEach(async () => {
  room = BoardRoom.open(founded);
  const joining = await Promise.all(
    NEWCOMERS.map(async (name) => await initAdministrator(at(name), { name: `The ${name}` })),
  );
  const flags = {
    add: NEWCOMERS.map((name) => partyFile(at(name), "enrolment")),
    fingerprint: joining.map(({ fingerprint }) => fingerprint),
    remove: ["The chair", "The deputy", "The clerk"],
    reason: "invented reason",
  };
  await expect(changeBoard(await room.desk("chair"), flags)).rejects.toBeInstanceOf(Waiting);
  const clerk = await room.desk("clerk", { answer: "yes" });
  await listRequests(clerk);
  await release(clerk, clerk.objects[0]?.["id"] as string, {});
  await changeBoard(await room.desk("chair"), flags);
  proposal = join(room.sample.root, "proposal.bin");
  await showProposal(await room.desk("chair"), room.digest, { out: proposal });
});
afterEach(() => room[Symbol.dispose]());

const at = (name: string): string => join(room.sample.root, name);

function endorses(name: string, over: object = {}): string {
  const out = join(room.sample.root, `${name}.json`);
  const chain = partyFile(room.sample.dir("clerk"), "chain");
  const fingerprint = toHex(room.sample.founded.fingerprint);
  endorse(at(name), proposal, { chain, fingerprint, digest: room.digest, out, nowMs: NOW_MS, ...over }, QUIET);
  return out;
}

async function handIn(endorsement: string): Promise<void> {
  await approveProposal(await room.desk("deputy"), room.digest, { digest: room.digest, endorsement });
}

describe("a new board", () => {
  it("takes over once a quorum of the old and a quorum of the new have signed", async () => {
    await handIn(endorses("first"));
    await approveProposal(await room.desk("deputy"), room.digest, { digest: room.digest });
    expect(room.office.state.found.board[0]?.name).toBe("The chair");
    // The deputy's own seat ends with the signature that it hands in.
    await handIn(endorses("second"));
    await expect(room.seat("deputy")).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(room.office.state.found.board.map(({ name }) => name)).toEqual(["The first", "The second", "The third"]);
  });

  it("is signed by those who join, for what was read out to them, and by nobody else", async () => {
    const refused = (attempt: () => unknown, code: string): void =>
      expect(attempt).toThrow(expect.objectContaining({ code }));
    refused(() => endorses("first", { digest: "00".repeat(32) }), "UNPROVEN");
    refused(() => endorses("first", { fingerprint: "00".repeat(32) }), "UNPROVEN");
    mkdirSync(at("stranger"), { mode: 0o700 });
    await initAdministrator(at("stranger"), { name: "The stranger" });
    refused(() => endorses("stranger"), "FORBIDDEN");
    const own = endorses("first");
    await suspend(await room.desk("chair"), "harbour", { reason: "invented reason" });
    await expect(handIn(own)).rejects.toMatchObject({ code: "UNPROVEN" });
  });
});
