/** The administrators' tool at work: three directories, one office, and what each administrator sees. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  changeBoard,
  changePolicy,
  listRequests,
  neverCorrelate,
  release,
} from "../../agency-node/admin/commands/board.ts";
import {
  abort,
  activate,
  open,
  pledgeFor,
  prepare,
  rehearsal,
  retire,
  revealFor,
  status,
} from "../../agency-node/admin/commands/epoch.ts";
import { listHealth, listMembers, showChain } from "../../agency-node/admin/commands/history.ts";
import {
  admit,
  invite,
  listEnrolments,
  reinstate,
  remove,
  rotateKey,
  suspend,
} from "../../agency-node/admin/commands/membership.ts";
import { approveProposal, listProposals, showProposal, signIn } from "../../agency-node/admin/commands/proposals.ts";
import { Waiting } from "../../agency-node/admin/waiting.ts";
import { openSalts } from "../../agency-node/core/salts.ts";
import { saltCommitment } from "../../shared/crypto/token.ts";
import { invitationKeys, openInvitation } from "../../shared/wire/board.ts";
import { decodeInvitationCode } from "../../shared/wire/invitation-code.ts";
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import { readSealingKeys } from "../../shared/party/keys.ts";
import { initAdministrator, initNode } from "../../shared/party/new-party.ts";
import { readPin } from "../../shared/party/pin.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { BoardRoom } from "../support/board-room.ts";
import type { AdministratorName } from "../support/board-room.ts";
import { foundSample, NOW_MS, termsOf } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";

const REASON = "invented reason";
let founded: SampleFederation;
let room: BoardRoom;

beforeAll(async () => {
  founded = await foundSample();
});
afterAll(() => founded?.[Symbol.dispose]());
beforeEach(() => {
  room = BoardRoom.open(founded);
});
afterEach(() => room[Symbol.dispose]());

/** Somebody approves the newest proposal, having heard its digest. */
async function approves(name: AdministratorName, flags: object = {}): Promise<string[]> {
  const desk = await room.desk(name);
  await approveProposal(desk, room.digest.slice(0, 8), { digest: room.digest, ...flags });
  room.renewFreshness();
  return desk.said;
}

async function makeSalts(names: readonly AdministratorName[], epoch = "2"): Promise<void> {
  for (const name of names) await pledgeFor(await room.desk(name), epoch, {});
  for (const name of names) await revealFor(await room.desk(name), epoch);
}

/** The chair opens, the deputy approves. */
async function openEpoch(flags: object = {}): Promise<void> {
  await makeSalts(["chair", "deputy"]);
  await open(await room.desk("chair"), undefined, { days: "30", ...flags });
  await approves("deputy");
}

async function fileOf(name: string, content: unknown): Promise<string> {
  const path = join(room.sample.root, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("a proposal", () => {
  it("takes effect with the signature of a second administrator, who has read what it does", async () => {
    const chair = await room.desk("chair");
    await suspend(chair, "harbour", { reason: REASON });
    expect(chair.said.at(-2)).toContain("Read this digest to the others:");
    const deputy = await room.desk("deputy");
    await listProposals(deputy);
    expect(deputy.objects[0]).toMatchObject({ type: "suspend", state: "waiting", signedBy: ["The chair"], missing: 1 });
    await approveProposal(deputy, room.digest, { digest: room.digest.slice(0, 16) });
    const text = deputy.said.join("\n");
    expect(text).toContain("Cuts the member off at once");
    expect(text).toContain("harbour (Invented unit harbour)");
    expect(text).toContain(REASON);
    expect(text).toContain("it has taken effect as directive 6");
    expect(room.office.state.suspended.has(room.member("harbour"))).toBe(true);
    expect((await room.seat("clerk")).federation.suspended.size).toBe(1);
  });

  it("is signed once its digest was typed, and not for another digest", async () => {
    await suspend(await room.desk("chair"), "harbour", { reason: REASON });
    const refused = async (answer: string | undefined, code: string): Promise<void> => {
      const desk = await room.desk("deputy", answer === undefined ? {} : { answer });
      await expect(approveProposal(desk, room.digest, {})).rejects.toMatchObject({ code });
    };
    await refused(undefined, "INVALID");
    await refused("", "UNPROVEN");
    await refused(room.digest.slice(0, 15), "UNPROVEN");
    await refused("0000 0000 0000 0000", "UNPROVEN");
    expect(room.office.state.suspended.size).toBe(0);
    const spaced = (room.digest.slice(0, 16).match(/.{4}/g) as string[]).join(" ").toUpperCase();
    await approveProposal(await room.desk("deputy", { answer: spaced }), room.digest, {});
    expect(room.office.state.suspended.size).toBe(1);
  });

  it("is found by the beginning of its digest only while it waits", async () => {
    await suspend(await room.desk("chair"), "harbour", { reason: REASON });
    const first = room.digest;
    const shown = await room.desk("clerk");
    await showProposal(shown, first.slice(0, 10), {});
    expect(shown.objects[0]).toMatchObject({ digest: first, parameters: { Reason: REASON } });
    await suspend(await room.desk("clerk"), "border", { reason: REASON });
    const empty = await room.desk("deputy");
    await expect(approveProposal(empty, "", { digest: first })).rejects.toMatchObject({ code: "CONFLICT" });
    await approves("deputy");
    await expect(approveProposal(await room.desk("deputy"), first, { digest: first })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("is not made or signed without a fresh word that the chain is complete", async () => {
    await suspend(await room.desk("chair"), "harbour", { reason: REASON });
    room.office.freshness = undefined;
    const unproven = { code: "UNPROVEN" };
    await expect(suspend(await room.desk("chair"), "border", { reason: REASON })).rejects.toMatchObject(unproven);
    const digest = room.digest;
    await expect(approveProposal(await room.desk("deputy"), digest, { digest })).rejects.toMatchObject(unproven);
    await approveProposal(await room.desk("deputy"), digest, { digest, unfresh: true });
    expect(room.office.state.suspended.size).toBe(1);
  });
});

describe("an epoch made on three machines", () => {
  it("is opened, activated and retired, with salts that no machine made alone", async () => {
    room.offerKey("harbour", 2);
    const preparing = await room.desk("chair");
    await prepare(preparing, undefined, {});
    expect(preparing.objects[0]).toMatchObject({ epoch: 2, offered: ["harbour"], silent: ["border"] });
    await openEpoch();
    const epoch = room.office.state.epochs.get(2);
    expect(epoch).toMatchObject({ state: "staging", generation: 1, scheme: "invented-scheme/1" });
    expect(epoch?.retiresAtMs).toBe(NOW_MS + 30 * 86_400_000);
    expect(epoch?.salts.map(({ domain }) => domain)).toEqual(["target", "protected"]);

    for (const slug of ["harbour", "border"]) room.report(slug, 2);
    await activate(await room.desk("clerk"), undefined, {});
    expect((await approves("chair")).join()).toContain("says, signed, that it is ready");
    expect(room.office.state.epochs.get(1)?.state).toBe("closing");
    for (const slug of ["harbour", "border"]) room.report(slug, 2);
    await retire(await room.desk("deputy"), undefined, { reason: REASON });
    await approves("clerk");
    expect(room.office.state.epochs.get(1)?.state).toBe("retired");
    for (const name of ["chair", "deputy"] as const) {
      await room.seat(name);
      expect(existsSync(keyFile(room.sample.dir(name), "contributions-2.json"))).toBe(false);
    }
  });

  it("gives every member the salt that its contributors computed, under the key that it offered", async () => {
    room.offerKey("border", 2);
    await openEpoch();
    const { state } = room.office;
    const own = (slug: string, epoch?: number) => ({
      federation: state,
      member: room.member(slug),
      sealingKeys: [readSealingKeys(room.sample.dir(slug), epoch)],
    });
    const border = openSalts(own("border", 2), 2);
    expect(openSalts(own("harbour"), 2).get("target")).toEqual(border.get("target"));
    const [target] = state.epochs.get(2)?.salts ?? [];
    const salt = border.get("target") as Uint8Array;
    expect(target?.commitment).toEqual(saltCommitment({ federation: state.id, epoch: 2, domain: "target", salt }));
    expect(target?.contributions).toHaveLength(2);
    expect(target?.shares).toHaveLength(3);
  });

  it("keeps contributions where only their owner can read them", async () => {
    await pledgeFor(await room.desk("chair"), "2", {});
    const path = keyFile(room.sample.dir("chair"), "contributions-2.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await expect(pledgeFor(await room.desk("chair"), "2", {})).rejects.toMatchObject({ code: "CONFLICT" });
    const text = readFileSync(path, "utf8");
    await pledgeFor(await room.desk("chair"), "2", { again: true });
    expect(readFileSync(path, "utf8")).not.toBe(text);
  });

  it("says at each step who must do what first", async () => {
    const waits = async (act: Promise<void>, words: RegExp): Promise<void> => {
      const error = await act.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(Waiting);
      expect((error as Waiting).lines.join("\n")).toMatch(words);
    };
    await expect(revealFor(await room.desk("chair"), "2")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await pledgeFor(await room.desk("chair"), "2", {});
    await waits(revealFor(await room.desk("chair"), "2"), /1 more must pledge: causeway admin epoch pledge/);
    await pledgeFor(await room.desk("deputy"), "2", {});
    await waits(open(await room.desk("chair"), "2", { days: "30" }), /You have not revealed yours/);
    await revealFor(await room.desk("chair"), "2");
    await waits(
      open(await room.desk("chair"), "2", { days: "30" }),
      /The deputy must run: causeway admin epoch reveal/,
    );
    const desk = await room.desk("clerk");
    await status(desk, undefined);
    expect(desk.said.join("\n")).toMatch(/The chair +revealed/);
    expect(desk.said.join("\n")).toMatch(/The deputy +pledged, not revealed/);
  });

  it("starts again when somebody pledges after the others have revealed", async () => {
    await makeSalts(["chair", "deputy"]);
    await pledgeFor(await room.desk("clerk"), "2", {});
    const conflict = { code: "CONFLICT" };
    await expect(open(await room.desk("chair"), "2", { days: "30" })).rejects.toMatchObject(conflict);
    await expect(revealFor(await room.desk("deputy"), "2")).rejects.toMatchObject(conflict);
    for (const name of ["chair", "deputy", "clerk"] as const)
      await pledgeFor(await room.desk(name), "2", { again: true });
    for (const name of ["chair", "deputy", "clerk"] as const) await revealFor(await room.desk(name), "2");
    await open(await room.desk("clerk"), "2", { days: "30" });
    await approves("chair");
    expect(room.office.state.epochs.get(2)?.salts[0]?.contributions).toHaveLength(3);
  });

  it("takes a new generation of evaluator keys, once all evaluators have offered theirs", async () => {
    await makeSalts(["chair", "deputy"]);
    const flags = { days: "30", newGeneration: true };
    await expect(open(await room.desk("chair"), "2", flags)).rejects.toBeInstanceOf(Waiting);
    const shares = room.offerShares(2);
    await open(await room.desk("chair"), "2", flags);
    await approves("deputy");
    expect(room.office.state.generations.get(2)?.map(({ sharePublicKey }) => sharePublicKey)).toEqual([
      ...shares.values(),
    ]);
  });

  it("demands a new generation after a removal for cause", async () => {
    await remove(await room.desk("chair"), "harbour", { reason: REASON, forCause: true });
    await approves("deputy");
    await expect(prepare(await room.desk("chair"), undefined, {})).rejects.toMatchObject({ fields: ["newGeneration"] });
    const desk = await room.desk("chair");
    await listMembers(desk);
    expect(desk.said.join()).toContain("A rotation is due");
  });

  it("can be approved by an administrator who did not contribute, told what it cannot check", async () => {
    await makeSalts(["chair", "deputy"]);
    await open(await room.desk("chair"), "2", { days: "30" });
    const clerk = await room.desk("clerk");
    const digest = room.digest;
    await expect(approveProposal(clerk, digest, { digest })).rejects.toMatchObject({ code: "UNPROVEN" });
    expect((await approves("clerk", { unchecked: true })).join()).toContain(
      "Not checked, because you have not contributed",
    );
    expect(room.office.state.epochs.get(2)?.state).toBe("staging");
  });

  it("is aborted by name and opening, and its number never comes back", async () => {
    await openEpoch();
    await abort(await room.desk("clerk"), undefined, { reason: REASON });
    await approves("deputy");
    expect(room.office.state.epochs.get(2)?.state).toBe("aborted");
    const desk = await room.desk("chair");
    await prepare(desk, undefined, {});
    expect(desk.objects[0]).toMatchObject({ epoch: 3 });
  });

  it("becomes active without laggards only by force, and names them", async () => {
    await openEpoch();
    room.report("harbour", 2, { published: 4 });
    room.report("border", 2);
    const unforced = await room.desk("chair");
    await expect(activate(unforced, undefined, {})).rejects.toMatchObject({ code: "UNPROVEN" });
    expect(unforced.said.join("\n")).toContain("6 of its records differ");
    await expect(activate(await room.desk("chair"), undefined, { without: "border" })).rejects.toThrow(/harbour/);
    await activate(await room.desk("chair"), undefined, { without: "harbour" });
    expect((await approves("deputy")).join()).toContain("Left behind: harbour");
    expect(room.office.state.epochs.get(2)?.state).toBe("active");
  });

  it("becomes active without a unit that is away, though the others' test records with it have not met", async () => {
    await openEpoch();
    room.report("border", 2, { canariesMet: 1, canariesMissing: [room.member("harbour")] });
    await expect(activate(await room.desk("chair"), undefined, {})).rejects.toThrow(/harbour, border|border, harbour/);
    await activate(await room.desk("chair"), undefined, { without: "harbour" });
    const notes = (await approves("deputy")).join();
    expect(notes).toContain("Left behind: harbour");
    expect(notes).not.toContain("border (");
    expect(room.office.state.epochs.get(2)?.state).toBe("active");
  });

  it("is closed at once for a leak, having said what that loses", async () => {
    for (const slug of ["harbour", "border"]) room.report(slug, 1);
    const desk = await room.desk("chair");
    await retire(desk, undefined, { leaked: true, reason: REASON });
    const text = desk.said.join("\n");
    expect(text).toContain("No other epoch is open: from then on nothing is matched");
    expect(text).toMatch(/border \(Invented unit border\) +10/);
    await approves("clerk");
    expect(room.office.state.epochs.get(1)?.state).toBe("retired");
  });

  it("is rehearsed before anything is announced", async () => {
    for (const slug of ["harbour", "border"]) room.report(slug, 1, { records: 8, published: 8 });
    const desk = await room.desk("chair");
    await rehearsal(desk);
    expect(desk.objects[0]).toMatchObject({ epoch: 2, records: 16, leftBehind: 4 });
    expect(desk.said.join()).toContain("Not carried over: 4 records");
  });
});

describe("salts for a member that comes later", () => {
  async function releases(name: AdministratorName): Promise<void> {
    const desk = await room.desk(name, { answer: "yes" });
    await listRequests(desk);
    await release(desk, desk.objects[0]?.["id"] as string, {});
  }

  async function enrolled(name: string) {
    const { enrolment, fingerprint } = await initNode(join(room.sample.root, name), { name: "Invented newcomer" });
    const text = readFileSync(partyFile(join(room.sample.root, name), "enrolment"), "utf8");
    room.office.enrolments = [...room.office.enrolments, { text, note: "invented", receivedAtMs: NOW_MS }];
    return { enrolment, fingerprint };
  }

  it("come from shares that others release, and the same command goes on then", async () => {
    const { fingerprint } = await enrolled("newcomer");
    const terms = await fileOf("terms.json", termsOf("newcomer", ["target"]));
    const flags = { fingerprint, terms };
    const listed = await room.desk("chair");
    await listEnrolments(listed);
    expect(listed.objects).toContainEqual(expect.objectContaining({ fingerprint }));
    await expect(admit(await room.desk("chair"), flags)).rejects.toBeInstanceOf(Waiting);
    await expect(admit(await room.desk("chair"), flags)).rejects.toBeInstanceOf(Waiting);
    expect(room.office.papers).toHaveLength(1);
    const deputy = await room.desk("deputy");
    await listRequests(deputy);
    expect(deputy.objects).toEqual([
      expect.objectContaining({ by: "The chair", purpose: "admit newcomer", epochs: [1] }),
    ]);
    await releases("deputy");
    const after = await room.desk("deputy");
    await listRequests(after);
    expect(after.said).toEqual(["Nobody asks for salts."]);
    await admit(await room.desk("chair"), flags);
    expect((await approves("clerk")).join("\n")).toContain(fingerprint);
    const { state } = room.office;
    const member = [...state.members.values()].find(({ slug }) => slug === "newcomer");
    const salts = openSalts(
      {
        federation: state,
        member: member?.member as never,
        sealingKeys: [readSealingKeys(join(room.sample.root, "newcomer"))],
      },
      1,
    );
    const harbour = {
      federation: state,
      member: room.member("harbour"),
      sealingKeys: [readSealingKeys(room.sample.dir("harbour"))],
    };
    expect(salts).toEqual(openSalts(harbour, 1));
  });

  it("are not given for an enrolment that reads out another fingerprint", async () => {
    const { fingerprint } = await enrolled("newcomer");
    const terms = await fileOf("terms.json", termsOf("newcomer", ["target"]));
    const other = fingerprint.replace(/^./, fingerprint.startsWith("0") ? "1" : "0");
    await expect(admit(await room.desk("chair"), { fingerprint: other, terms })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const enrolment = partyFile(join(room.sample.root, "newcomer"), "enrolment");
    await expect(admit(await room.desk("chair"), { fingerprint: other, terms, enrolment })).rejects.toMatchObject({
      code: "UNPROVEN",
    });
  });

  it("reach a member that is reinstated, or whose node was lost", async () => {
    await suspend(await room.desk("chair"), "border", { reason: REASON });
    await approves("deputy");
    await expect(reinstate(await room.desk("chair"), "border", { reason: REASON })).rejects.toBeInstanceOf(Waiting);
    await releases("clerk");
    await reinstate(await room.desk("chair"), "border", { reason: REASON });
    await approves("clerk");
    expect(room.office.state.members.has(room.member("border"))).toBe(true);

    const { enrolment, fingerprint } = await enrolled("border-anew");
    const flags = { reason: REASON, fingerprint };
    await expect(rotateKey(await room.desk("deputy"), "border", flags)).rejects.toBeInstanceOf(Waiting);
    await releases("chair");
    await rotateKey(await room.desk("deputy"), "border", flags);
    await approves("clerk");
    const { state } = room.office;
    expect(state.members.get(room.member("border"))?.signingKey).toEqual(enrolment.signingKey);
    const sealingKeys = [readSealingKeys(join(room.sample.root, "border-anew"))];
    expect([...openSalts({ federation: state, member: room.member("border"), sealingKeys }, 1).keys()]).toEqual([
      "target",
      "protected",
    ]);
  });

  it("are not asked for when a suspended unit is given new keys, but when it is reinstated", async () => {
    await suspend(await room.desk("chair"), "border", { reason: REASON });
    await approves("deputy");
    const { enrolment, fingerprint } = await enrolled("border-anew");
    await rotateKey(await room.desk("chair"), "border", { reason: REASON, fingerprint });
    await approves("clerk");
    const { signingKey } = enrolment;
    expect(room.office.state.suspended.get(room.member("border"))?.signingKey).toEqual(signingKey);
    await expect(reinstate(await room.desk("chair"), "border", { reason: REASON })).rejects.toBeInstanceOf(Waiting);
    await releases("clerk");
    await reinstate(await room.desk("chair"), "border", { reason: REASON });
    await approves("deputy");
    const { state } = room.office;
    const sealingKeys = [readSealingKeys(join(room.sample.root, "border-anew"))];
    const opened = openSalts({ federation: state, member: room.member("border"), sealingKeys }, 1);
    expect([...opened.keys()]).toEqual(["target", "protected"]);
  });

  it("let a new board recover what the old one could", async () => {
    const dir = join(room.sample.root, "auditor");
    const { fingerprint } = await initAdministrator(dir, { name: "The auditor" });
    const flags = {
      add: [partyFile(dir, "enrolment")],
      fingerprint: [fingerprint],
      remove: ["The clerk"],
      reason: REASON,
    };
    await expect(changeBoard(await room.desk("chair"), flags)).rejects.toBeInstanceOf(Waiting);
    await releases("deputy");
    await changeBoard(await room.desk("chair"), flags);
    await approves("deputy");
    expect(room.office.state.found.board.map(({ name }) => name)).toEqual(["The chair", "The deputy", "The auditor"]);
    await expect(room.seat("clerk")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await suspend(await room.desk("deputy"), "harbour", { reason: REASON });
    await approves("chair");
    await expect(reinstate(await room.desk("deputy"), "harbour", { reason: REASON })).rejects.toThrow(
      /The chair, The auditor/,
    );
    await releases("chair");
    await reinstate(await room.desk("deputy"), "harbour", { reason: REASON });
    await approves("chair");
    expect(room.office.state.members.has(room.member("harbour"))).toBe(true);
  });
});

describe("the tool", () => {
  it("proposes policy, values that mean nobody, and new keys of the registrar", async () => {
    const policy = await fileOf("policy.json", { canaryBeatMinutes: 90, allowances: { harbour: 5 } });
    await changePolicy(await room.desk("chair"), { file: policy, reason: REASON });
    await approves("deputy");
    expect(room.office.state.policy).toEqual({
      canaryBeatMinutes: 90,
      canaryWithinMinutes: 15,
      budgetAlarmPercent: 80,
      overdueStatementsMax: 8,
    });
    expect(room.office.state.members.get(room.member("harbour"))?.budget.perDay).toBe(5);

    const tokens = await fileOf("tokens.txt", `${"ab".repeat(16)}\n\n${"cd".repeat(16)}\n`);
    await neverCorrelate(await room.desk("chair"), "1", "target", { tokens, reason: REASON });
    await approves("deputy");
    expect(room.office.state.epochs.get(1)?.neverCorrelate.get("target")?.size).toBe(2);
    const wrong = await fileOf("wrong.txt", "not a token");
    const refused = neverCorrelate(await room.desk("chair"), "1", "target", { tokens: wrong, reason: REASON });
    await expect(refused).rejects.toMatchObject({ code: "INVALID", fields: ["tokens[0]"] });

    const key = "77".repeat(32);
    await rotateKey(await room.desk("chair"), "freshness", { key, reason: REASON });
    await approves("deputy");
    expect(room.office.state.found.freshnessKey).toEqual(fromHex(key));
    // The registrar's old statements prove nothing now.
    expect((await room.seat("clerk")).proven).toBe("unproven");
  });

  it("invites with a secret that the broker never sees", async () => {
    const desk = await room.desk("chair");
    const address = "broker.example:7401";
    await invite(desk, { note: "Invented newcomer", address, hours: "48" });
    const { secret, ...others } = decodeInvitationCode(desk.objects[0]?.["invitation"] as string);
    expect(others).toEqual({ address, fingerprint: readPin(desk.seat.dir) });
    const [signed] = room.office.invitations as [Uint8Array];
    expect(toHex(signed)).not.toContain(toHex(secret));
    const { state } = room.office;
    const keyOf = (id: string) =>
      state.found.board.find(({ signingKey }) => toHex(keyId(signingKey)) === id)?.signingKey;
    expect(openInvitation(signed, state.id, keyOf).value).toEqual({
      ...invitationKeys(secret),
      note: "Invented newcomer",
      validUntilMs: NOW_MS + 48 * 3_600_000,
    });
  });

  it("lists members, health and history, and gives a code for the console", async () => {
    room.report("harbour", 1);
    room.office.health = room.office.health.map((each) => ({ ...each, streamsRefused: true }));
    const desk = await room.desk("chair");
    await listMembers(desk);
    await listHealth(desk);
    expect(desk.said.join("\n")).toMatch(/harbour .* in good standing/);
    expect(desk.said.join("\n")).toMatch(/border +nothing heard/);
    expect(desk.said.join("\n")).toContain("harbour: NATS refuses its streams");
    showChain(desk.seat.chain, desk.output);
    expect(desk.objects.at(-1)).toMatchObject({
      number: 5,
      type: "epochActivate",
      signedBy: ["The chair", "The deputy"],
    });
    await signIn(desk);
    expect(desk.said.at(-1)).toContain("INVENTED");
  });
});
