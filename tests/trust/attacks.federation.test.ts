/**
 * Attacks on the board: by the broker between the administrators, and by one administrator on the others. Each begins where honest use
 * would succeed and changes one thing.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { draftDirective, signDirective } from "../../agency-node/admin/board.ts";
import { combine } from "../../agency-node/admin/ceremony.ts";
import { listRequests, release } from "../../agency-node/admin/commands/board.ts";
import { abort, activate, open, pledgeFor, revealFor } from "../../agency-node/admin/commands/epoch.ts";
import { reinstate, suspend } from "../../agency-node/admin/commands/membership.ts";
import { approveProposal } from "../../agency-node/admin/commands/proposals.ts";
import type { BoardOffice } from "../../agency-node/admin/office.ts";
import { openRequests, recoverSalts, topicOf } from "../../agency-node/admin/recovery.ts";
import { sealPart, sealSalt } from "../../agency-node/admin/salts.ts";
import type { Seat } from "../../agency-node/admin/seat.ts";
import { Waiting } from "../../agency-node/admin/waiting.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { BoardPaper } from "../../shared/core/board.ts";
import { directiveHash, foldDirective } from "../../shared/core/chain.ts";
import type { DirectiveBody, EpochOpen, SignedDirective } from "../../shared/core/directive.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { saltCommitment, saltKey } from "../../shared/crypto/token.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { openPaper, signPaper } from "../../shared/wire/board.ts";
import { decodeSignedFreshness } from "../../shared/wire/directive.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import { readSecret } from "../../shared/party/key-files.ts";
import { keyFile } from "../../shared/party/files.ts";
import { BoardRoom } from "../support/board-room.ts";
import type { AdministratorName } from "../support/board-room.ts";
import { newSealingKey, newShare, newSigningKey } from "./paper-federation.ts";
import { foundSample, NOW_MS } from "./sample-federation.ts";
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

const unproven = (...fields: string[]) => ({ code: "UNPROVEN", ...(fields.length === 0 ? {} : { fields }) });
const signerOf = (name: AdministratorName): SigningKeyPair => readSigningKeys(room.sample.dir(name));

function signedBy(body: DirectiveBody, ...signers: SigningKeyPair[]): SignedDirective {
  const { state } = room.office;
  const draft = draftDirective({ federation: state.id, nowMs: NOW_MS }, state, body);
  return { ...draft, signatures: signers.map((signer) => signDirective(draft, signer)) };
}

async function approves(name: AdministratorName, tamper: Partial<BoardOffice> = {}, flags: object = {}): Promise<void> {
  await approveProposal(await room.desk(name, { tamper }), room.digest, { digest: room.digest, ...flags });
  room.renewFreshness();
}

async function makeSalts(...names: AdministratorName[]): Promise<void> {
  for (const name of names) await pledgeFor(await room.desk(name), "2", {});
  for (const name of names) await revealFor(await room.desk(name), "2");
}

describe("the broker between administrators", () => {
  beforeEach(async () => suspend(await room.desk("chair"), "harbour", { reason: REASON }));

  /** The chair's proposal with another reason, under the chair's old signature. */
  function altered(): { readonly shown: SignedDirective; readonly tamper: Partial<BoardOffice> } {
    const [kept] = room.office.kept as [(typeof room.office.kept)[number]];
    const other = signedBy({ type: "remove", member: room.member("harbour"), reason: REASON, forCause: true });
    const shown = { ...other, signatures: kept.signed.signatures };
    const proposal = { signed: shown, state: "waiting", proposedAtMs: NOW_MS, acceptedAs: 0 } as const;
    return { shown, tamper: { proposals: async () => [proposal] } };
  }

  it("cannot change a parameter between two approvals: the digest that was read out is another", async () => {
    const heard = room.digest;
    const { shown, tamper } = altered();
    const shownDigest = toHex(directiveHash(shown.payload));
    const typed = approveProposal(await room.desk("deputy", { tamper }), shownDigest, { digest: heard });
    await expect(typed).rejects.toMatchObject(unproven());
    await expect(
      approveProposal(await room.desk("deputy", { tamper }), heard, { digest: heard }),
    ).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    // Had the deputy signed all the same, the chair's signature would not be over these bytes.
    const both = { ...shown, signatures: [...shown.signatures, signDirective(shown, signerOf("deputy"))] };
    const context = { pinnedFingerprint: new Uint8Array(32), nowMs: NOW_MS };
    expect(() => foldDirective(room.office.state, both, context)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });

  it("cannot forge an approval, or move one to another proposal", async () => {
    const [kept] = room.office.kept as [(typeof room.office.kept)[number]];
    const { signed } = kept;
    const context = { pinnedFingerprint: new Uint8Array(32), nowMs: NOW_MS };
    const stranger = signDirective(signed, signingKeyPair(randomBytes(32)));
    const elsewhere = signedBy({ type: "suspend", member: room.member("border"), reason: REASON });
    const forged = [
      stranger,
      { ...stranger, keyId: keyId(signerOf("deputy").publicKey) },
      signDirective(elsewhere, signerOf("deputy")),
      { ...signDirective(signed, signerOf("deputy")), keyId: keyId(signerOf("clerk").publicKey) },
    ];
    for (const signature of forged) {
      const signatures = [...signed.signatures, signature];
      expect(() => foldDirective(room.office.state, { ...signed, signatures }, context)).toThrow(
        expect.objectContaining({ code: "UNPROVEN" }),
      );
      expect(() => room.office.approve(directiveHash(signed.payload), signature)).toThrow(
        expect.objectContaining({ code: "UNPROVEN" }),
      );
    }
  });

  it("cannot have an administrator sign what does not follow on the chain that its tool has proven", async () => {
    const old = signedBy({ type: "suspend", member: room.member("border"), reason: REASON }, signerOf("chair"));
    await approves("deputy");
    const tamper: Partial<BoardOffice> = {
      proposals: async () => [{ signed: old, state: "waiting", proposedAtMs: NOW_MS, acceptedAs: 0 }],
    };
    const digest = toHex(directiveHash(old.payload));
    const desk = await room.desk("clerk", { tamper });
    await expect(approveProposal(desk, digest, { digest })).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
  });

  it("cannot withhold a directive, or keep two histories", async () => {
    await approves("deputy");
    const withheld = await room.desk("clerk", { tamper: { directives: async () => [] } });
    expect(withheld.seat.proven).toBe("behind");
    await expect(suspend(withheld, "border", { reason: REASON })).rejects.toMatchObject(unproven());
    const freshnessSeed = readSecret(keyFile(room.sample.founded.registrarDir, "freshness.key"), 32);
    const other = { ...room.office.state, head: { ...room.office.state.head, hash: randomBytes(32) } };
    const statement = decodeSignedFreshness(stateFreshness({ federation: other, freshnessSeed, nowMs: NOW_MS }));
    const split = await room.desk("clerk", { tamper: { freshness: async () => statement } });
    expect(split.seat.proven).toBe("unproven");
    await expect(suspend(split, "border", { reason: REASON })).rejects.toMatchObject(unproven());
  });

  it("cannot decide anything itself", async () => {
    const admits = signedBy(
      { type: "remove", member: room.member("border"), reason: REASON, forCause: false },
      signerOf("chair"),
      readSigningKeys(room.sample.dir("broker")),
    );
    const tamper: Partial<BoardOffice> = { directives: async () => [admits] };
    await expect(room.seat("clerk", tamper)).rejects.toMatchObject(unproven());
  });
});

describe("one administrator alone", () => {
  it("gets nothing done by signing twice", async () => {
    await suspend(await room.desk("chair"), "harbour", { reason: REASON });
    await expect(approves("chair")).rejects.toMatchObject({ code: "CONFLICT" });
    const [kept] = room.office.kept as [(typeof room.office.kept)[number]];
    room.office.approve(directiveHash(kept.signed.payload), signDirective(kept.signed, signerOf("chair")));
    expect(room.office.state.suspended.size).toBe(0);
  });

  it("decides nothing of any kind", async () => {
    const chair = signerOf("chair");
    const context = { pinnedFingerprint: new Uint8Array(32), nowMs: NOW_MS };
    const { state } = room.office;
    const member = room.member("harbour");
    const bodies: DirectiveBody[] = [
      { type: "suspend", member, reason: REASON },
      { type: "remove", member, reason: REASON, forCause: true },
      { type: "rotateKey", party: { kind: "broker" }, signingKey: newSigningKey(), reason: REASON },
      { type: "rotateKey", party: { kind: "freshness" }, signingKey: newSigningKey(), reason: REASON },
      { type: "boardChange", board: state.found.board.slice(0, 2), quorum: 2, shares: [], reason: REASON },
      { type: "epochRetire", epoch: 1, cause: "leaked", laggards: [], reason: REASON },
      { type: "policy", ...state.policy, allowances: [], reason: REASON },
      { type: "neverCorrelate", epoch: 1, domain: "target", tokens: [randomBytes(16)], reason: REASON },
      { type: "epochActivate", epoch: 1, laggards: [] },
      { type: "epochAbort", epoch: 1, openingHash: new Uint8Array(32), reason: REASON },
    ];
    for (const body of bodies) {
      const alone = signedBy(body, chair, chair, chair);
      expect(() => foldDirective(state, alone, context)).toThrow(expect.objectContaining({ code: "UNPROVEN" }));
    }
  });

  it("makes no salt: it cannot reveal, combine or pledge for two", async () => {
    await pledgeFor(await room.desk("chair"), "2", {});
    await pledgeFor(await room.desk("chair"), "2", { again: true });
    await expect(revealFor(await room.desk("chair"), "2")).rejects.toBeInstanceOf(Waiting);
    // A pledge that it signs under the deputy's name is nobody's.
    const [own] = room.office.papers as [Uint8Array];
    const { state } = room.office;
    const { value } = openPaper(own, state.id, () => signerOf("chair").publicKey);
    room.office.papers.push(signPaper(value, { federation: state.id, signer: signingKeyPair(randomBytes(32)) }));
    await expect(revealFor(await room.desk("chair"), "2")).rejects.toBeInstanceOf(Waiting);
  });

  it("recovers no salt: neither its own releases count nor those under other names", async () => {
    const seat = await room.seat("chair");
    await expect(recoverSalts(seat, "curiosity")).rejects.toBeInstanceOf(Waiting);
    const { federation } = seat;
    const shares = (["target", "protected"] as const).map((domain) => ({
      epoch: 1,
      domain,
      sealed: sealPart({ federation: federation.id, epoch: 1, domain }, randomBytes(33), seat.sealing.publicKey),
    }));
    const body: BoardPaper["body"] = { kind: "shareRelease", toAdministratorKeyId: seat.keyId, shares };
    const paper: BoardPaper = { topic: topicOf(seat, "curiosity"), writtenAtMs: NOW_MS, body };
    for (const signer of [seat.signer, signingKeyPair(randomBytes(32))]) {
      room.office.papers.push(signPaper(paper, { federation: federation.id, signer }));
    }
    await expect(recoverSalts(seat, "curiosity")).rejects.toBeInstanceOf(Waiting);
  });
});

describe("an assembler", () => {
  let chair: Seat;
  let good: EpochOpen;

  beforeEach(async () => {
    await makeSalts("chair", "deputy");
    await open(await room.desk("chair"), "2", { days: "30" });
    chair = await room.seat("chair");
    const { body } = (room.office.kept.pop() as { signed: SignedDirective }).signed.directive;
    good = body as Extract<DirectiveBody, { type: "epochOpen" }>;
  });

  async function proposes(over: Partial<EpochOpen>): Promise<void> {
    room.office.propose(signedBy({ type: "epochOpen", ...good, ...over }, chair.signer));
  }
  const withSalt = (change: (salt: EpochOpen["salts"][0]) => Partial<EpochOpen["salts"][0]>): Partial<EpochOpen> => ({
    salts: good.salts.map((salt, i) => (i === 0 ? { ...salt, ...change(salt) } : salt)),
  });

  it("finds its honest opening signed", async () => {
    await proposes({});
    await approves("deputy");
    expect(room.office.state.epochs.get(2)?.state).toBe("staging");
  });

  it("cannot put a salt of its choice in the place of the one that all contributed to", async () => {
    const [bare] = await combine(chair, 2);
    if (bare === undefined) throw new Error("no salt was made");
    const chosen = await sealSalt(chair.federation, { ...bare, salt: saltKey(randomBytes(32)) });
    await proposes(withSalt(() => chosen));
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[0].commitment"));
    // Boxes of one salt under the commitment of another are for the members to refuse, see salts.test.ts.
    await proposes(withSalt(() => ({ commitment: saltCommitment({ ...bare.place, salt: randomBytes(32) }) })));
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[0].commitment"));
    // The clerk, who did not contribute, does not help it.
    await expect(approves("clerk")).rejects.toMatchObject(unproven());
    // Nor does a broker that shows it signatures of the deputy's that the deputy never made, in whatever order.
    const { signed } = room.office.kept.at(-1) as { signed: SignedDirective };
    const forged = { keyId: keyId(signerOf("deputy").publicKey), signature: randomBytes(64) };
    for (const signatures of [
      [...signed.signatures, forged],
      [forged, ...signed.signatures],
    ]) {
      const kept = [...room.office.kept];
      room.office.kept[kept.length - 1] = { ...(kept.at(-1) as (typeof kept)[0]), signed: { ...signed, signatures } };
      await expect(approves("clerk")).rejects.toMatchObject(unproven());
    }
    expect(room.office.state.epochs.has(2)).toBe(false);
  });

  it("cannot name other contributions than those that were pledged before any was revealed", async () => {
    const other = withSalt(({ contributions }) => ({
      contributions: contributions.map((each, i) => (i === 0 ? { ...each, commitment: randomBytes(32) } : each)),
    }));
    await proposes(other);
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[0].contributions"));
    const clerk = keyId(signerOf("clerk").publicKey);
    await proposes(
      withSalt(({ contributions }) => ({
        contributions: [...contributions, { administratorKeyId: clerk, commitment: randomBytes(32) }],
      })),
    );
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[0].contributions"));
    // Nor in the name of somebody who never pledged: its tool knows.
    await expect(approves("clerk")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("cannot pledge anew once it has seen the others' contributions", async () => {
    await pledgeFor(await room.desk("chair"), "2", { again: true });
    await expect(revealFor(await room.desk("deputy"), "2")).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(combine(await room.seat("deputy"), 2)).rejects.toMatchObject({ code: "CONFLICT" });
    await proposes({});
    await expect(approves("deputy")).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("cannot give an administrator a share of something else, or a salt that nobody made", async () => {
    const deputy = keyId(signerOf("deputy").publicKey);
    const stolen = withSalt(({ shares }) => ({
      shares: shares.map((share) =>
        toHex(share.administratorKeyId) === toHex(deputy)
          ? { ...share, sealed: (shares[0] as typeof share).sealed }
          : share,
      ),
    }));
    await proposes(stolen);
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[0].shares"));
    const [target, other] = good.salts as [EpochOpen["salts"][0], EpochOpen["salts"][0]];
    await proposes(withSalt(() => ({ shares: other.shares })));
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[0].shares"));
    await proposes({ salts: [...good.salts, { ...target, domain: "nexus", boxes: [] }] });
    await expect(approves("deputy")).rejects.toMatchObject(unproven("salts[2].domain", "salts"));
  });

  it("cannot swap the broker's key for one that it holds", async () => {
    await proposes({ brokerSealingKey: sealingKeyPair(randomBytes(32)).publicKey });
    await expect(approves("deputy")).rejects.toMatchObject(unproven("brokerSealingKey"));
    await expect(approves("clerk", {}, { unchecked: true })).rejects.toMatchObject(unproven("brokerSealingKey"));
  });

  it("cannot swap an evaluator's share, or invent a generation", async () => {
    const shares = room.offerShares(2);
    const { evaluators } = room.office.state.found;
    const offered = evaluators.map((each) => ({ ...each, sharePublicKey: shares.get(each.name) as Uint8Array }));
    await proposes({
      generation: 2,
      evaluators: offered.map((each, i) => (i === 1 ? { ...each, sharePublicKey: newShare() } : each)),
    });
    await expect(approves("deputy")).rejects.toMatchObject(unproven("evaluators[1].sharePublicKey"));
    await proposes({ generation: 2, evaluators: offered });
    await approves("deputy");
    expect(room.office.state.epochs.get(2)?.generation).toBe(2);
  });

  it("cannot give a member a sealing key that the member did not offer", async () => {
    const offer = room.offerKey("harbour", 2);
    const forged = { ...offer, sealingKey: newSealingKey() };
    const payload = { ...good, memberKeys: [forged] };
    // On the wire the key is inside the signed offer: there is no place for another.
    const { body } = signedBy({ type: "epochOpen", ...payload }, chair.signer).directive;
    expect((body as EpochOpen).memberKeys[0]?.sealingKey).toEqual(offer.sealingKey);
  });
});

describe("shares", () => {
  async function asks(): Promise<Seat> {
    await suspend(await room.desk("chair"), "harbour", { reason: REASON });
    await approves("deputy");
    await expect(reinstate(await room.desk("chair"), "harbour", { reason: REASON })).rejects.toBeInstanceOf(Waiting);
    return await room.seat("chair");
  }

  it("that are released to one administrator are of no use to another", async () => {
    await asks();
    const deputy = await room.desk("deputy", { answer: "yes" });
    await listRequests(deputy);
    await release(deputy, deputy.objects[0]?.["id"] as string, {});
    const { state } = room.office;
    // The clerk asks for the same, and hands itself what was released to the chair.
    const clerk = await room.seat("clerk");
    const keyOf = (id: string) =>
      state.found.board.find(({ signingKey }) => toHex(keyId(signingKey)) === id)?.signingKey;
    const { value } = openPaper(room.office.papers.at(-1), state.id, keyOf);
    const body = { ...value.body, toAdministratorKeyId: clerk.keyId } as BoardPaper["body"];
    const readdressed = { ...value, body };
    for (const signer of [clerk.signer, signingKeyPair(randomBytes(32))]) {
      room.office.papers.push(signPaper(readdressed, { federation: state.id, signer }));
    }
    await expect(recoverSalts(clerk, "reinstate harbour")).rejects.toBeInstanceOf(Waiting);
    expect(await recoverSalts(await room.seat("chair"), "reinstate harbour")).toHaveLength(2);
  });

  it("are not released on a request that the broker made up, or without a yes", async () => {
    const { state } = room.office;
    const body: BoardPaper["body"] = { kind: "shareRequest", purpose: "admit invented", epochs: [1] };
    const paper: BoardPaper = {
      topic: topicOf(await room.seat("deputy"), "admit invented"),
      writtenAtMs: NOW_MS,
      body,
    };
    const signer = readSigningKeys(room.sample.dir("broker"));
    room.office.papers.push(signPaper(paper, { federation: state.id, signer }));
    expect(await openRequests(await room.seat("deputy"))).toEqual([]);
    await asks();
    const desk = await room.desk("deputy", { answer: "no" });
    await listRequests(desk);
    const id = desk.objects[0]?.["id"] as string;
    await expect(release(desk, id, {})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(release(await room.desk("deputy"), id, {})).rejects.toMatchObject({ code: "INVALID" });
    expect(desk.said.join()).toContain("reinstate harbour");
  });

  it("that are wrong stop nobody while a quorum of right ones is there", async () => {
    const chair = await asks();
    const { state } = room.office;
    const wrong = state.epochs.get(1)?.salts.map(({ domain }) => ({
      epoch: 1,
      domain,
      sealed: sealPart({ federation: state.id, epoch: 1, domain }, randomBytes(33), chair.sealing.publicKey),
    }));
    const body: BoardPaper["body"] = { kind: "shareRelease", toAdministratorKeyId: chair.keyId, shares: wrong ?? [] };
    const paper: BoardPaper = { topic: topicOf(chair, "reinstate harbour"), writtenAtMs: NOW_MS, body };
    room.office.papers.push(signPaper(paper, { federation: state.id, signer: signerOf("deputy") }));
    await expect(recoverSalts(chair, "reinstate harbour")).rejects.toMatchObject(unproven());
    const clerk = await room.desk("clerk", { answer: "yes" });
    await listRequests(clerk);
    await release(clerk, clerk.objects[0]?.["id"] as string, {});
    expect(await recoverSalts(await room.seat("chair"), "reinstate harbour")).toHaveLength(2);
  });
});

describe("an epoch", () => {
  it("is not aborted by an abort of before", async () => {
    await makeSalts("chair", "deputy");
    await open(await room.desk("chair"), "2", { days: "30" });
    await approves("deputy");
    await abort(await room.desk("chair"), undefined, { reason: REASON });
    await approves("clerk");
    const { signed: old } = room.office.kept.at(-1) as { signed: SignedDirective };
    for (const name of ["chair", "deputy"] as const) await pledgeFor(await room.desk(name), "3", {});
    for (const name of ["chair", "deputy"] as const) await revealFor(await room.desk(name), "3");
    await open(await room.desk("deputy"), "3", { days: "30" });
    await approves("chair");
    const context = { pinnedFingerprint: new Uint8Array(32), nowMs: NOW_MS };
    expect(() => foldDirective(room.office.state, old, context)).toThrow(
      expect.objectContaining({ code: "OUT_OF_SEQUENCE" }),
    );
    const { openingHash } = old.directive.body as Extract<DirectiveBody, { type: "epochAbort" }>;
    for (const epoch of [2, 3]) {
      const again = signedBy(
        { type: "epochAbort", epoch, openingHash, reason: REASON },
        signerOf("chair"),
        signerOf("clerk"),
      );
      expect(() => foldDirective(room.office.state, again, context)).toThrow(
        expect.objectContaining({ code: "INVALID" }),
      );
    }
    expect(room.office.state.epochs.get(3)?.state).toBe("staging");
  });

  it("does not become active on a readiness that the broker made up, or on yesterday's", async () => {
    await makeSalts("chair", "deputy");
    await open(await room.desk("chair"), "2", { days: "30" });
    await approves("deputy");
    room.report("harbour", 2);
    room.report("border", 2, {}, NOW_MS - 86_400_000);
    await expect(activate(await room.desk("chair"), undefined, {})).rejects.toThrow(/: border/);
    const [, border] = room.office.health as [unknown, (typeof room.office.health)[0]];
    const [harbour] = room.office.health as [(typeof room.office.health)[0]];
    room.office.health = [harbour, { ...border, statement: harbour.statement }];
    await expect(activate(await room.desk("chair"), undefined, {})).rejects.toThrow(/: border/);
    // One administrator says that all is well: the others' tools look for themselves.
    room.office.propose(signedBy({ type: "epochActivate", epoch: 2, laggards: [] }, signerOf("chair")));
    await expect(approves("deputy")).rejects.toMatchObject(unproven());
    room.report("border", 2);
    await approves("deputy");
    expect(room.office.state.epochs.get(2)?.state).toBe("active");
  });

  it("is not opened by a signature for another kind of message", async () => {
    await suspend(await room.desk("chair"), "harbour", { reason: REASON });
    const { signed } = room.office.kept.at(-1) as { signed: SignedDirective };
    const { publicKey, secretKey } = signerOf("deputy");
    const federation = room.office.state.id;
    const signature = signPayload({ type: "board-paper", federation, payload: signed.payload, secretKey });
    expect(() => room.office.approve(directiveHash(signed.payload), { keyId: keyId(publicKey), signature })).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });
});
