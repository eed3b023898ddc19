/** What each directive changes, and what the board cannot decide even with all its signatures. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../shared/core/bytes.ts";
import { foldProposal } from "../../shared/core/chain.ts";
import { activeEpoch, openEpochs } from "../../shared/core/decisions.ts";
import type { Admit, DirectiveBody, Epoch, EpochSalt, Federation } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { ErrorCode } from "../../shared/core/errors.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import {
  newMemberId,
  newSealingKey,
  newSeat,
  newShare,
  newSigner,
  newSigningKey,
  PaperFederation,
  sharesFor,
} from "./paper-federation.ts";
import type { Body, Seat } from "./paper-federation.ts";
import { NOW_MS, termsOf } from "./sample-federation.ts";
import { recipientKeyOf, SEALING_KEY_BYTES } from "../../shared/crypto/seal.ts";

const REASON = "invented reason";
let paper: PaperFederation;
let harbour: MemberId;
let border: MemberId;

beforeEach(() => {
  paper = new PaperFederation();
  harbour = paper.admit("harbour");
  border = paper.admit("border", ["target", "protected"]);
  paper.rotate(1);
});

function refuses(body: DirectiveBody, code: ErrorCode, fields?: readonly string[]): void {
  expect(() => paper.receive(paper.sign(body))).toThrow(
    expect.objectContaining({ code, ...(fields === undefined ? {} : { fields }) }),
  );
}

const stateOf = (epoch: number): string | undefined => paper.state.epochs.get(epoch)?.state;
const boxOf = (epoch: number, domain: Domain, member: MemberId) =>
  paper.state.epochs
    .get(epoch)
    ?.salts.find((salt) => salt.domain === domain)
    ?.boxes.get(member);

describe("admit", () => {
  it("gives a member that comes later a box of every open epoch, under its own key", () => {
    paper.decide(paper.opening(2));
    const late = paper.admit("late", ["target", "protected"]);
    for (const epoch of [1, 2]) {
      for (const domain of ["target", "protected"] as const) {
        expect(boxOf(epoch, domain, late)?.recipientKey).toEqual(recipientKeyOf(paper.member(late).sealingKey));
      }
    }
    expect(paper.member(late)).not.toHaveProperty("salts");
  });

  it("is refused without exactly the salts of the open epochs in the mandate", () => {
    const good = paper.admission("late", ["target"]);
    const [salt] = good.salts;
    expect(good.salts).toHaveLength(1);
    refuses({ ...good, salts: [] }, "INVALID", ["salts"]);
    refuses({ ...good, salts: [salt as never, salt as never] }, "INVALID", ["salts"]);
    refuses({ ...good, salts: [{ ...(salt as object), domain: "protected" } as never] }, "INVALID", ["salts"]);
    refuses({ ...good, salts: paper.saltsOf(["target", "protected"]) }, "INVALID", ["salts"]);
    refuses({ ...good, salts: [{ ...(salt as object), epoch: 2 } as never] }, "INVALID", ["salts"]);
  });

  it("is refused for a domain of which an open epoch has no salt", () => {
    refuses(paper.admission("late", ["target", "nexus"]), "INVALID", ["domains"]);
  });

  it("never gives back an id, and gives back a slug only after a removal", () => {
    refuses(paper.admission("harbour", ["target"]), "INVALID", ["slug"]);
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    refuses(paper.admission("harbour", ["target"]), "INVALID", ["slug"]);
    refuses(paper.admission("late", ["target"], { member: harbour }), "INVALID", ["member"]);
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: false });
    refuses(paper.admission("late", ["target"], { member: harbour }), "INVALID", ["member"]);
    const again = paper.admit("harbour");
    expect(paper.state.members.has(again)).toBe(true);
  });

  it("is refused with any key that was ever given to anybody", () => {
    const { found } = paper.state;
    const gone = paper.member(harbour);
    const used = [
      gone.signingKey,
      found.freshnessKey,
      found.evaluators[1]?.signingKey,
      found.evaluators[1]?.sharePublicKey,
    ] as Uint8Array[];
    const usedToSeal = [
      gone.sealingKey,
      paper.state.epochs.get(1)?.brokerSealingKey,
      found.board[2]?.sealingKey,
    ] as Uint8Array[];
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: false });
    for (const key of used)
      refuses(paper.admission("late", ["target"], { signingKey: key }), "INVALID", ["signingKey"]);
    for (const key of usedToSeal)
      refuses(paper.admission("late", ["target"], { sealingKey: key }), "INVALID", ["sealingKey"]);
  });
});

describe("suspend, reinstate, remove", () => {
  it("move a member between the three states, with its terms", () => {
    const terms = paper.member(harbour);
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    expect(paper.state.members.has(harbour)).toBe(false);
    expect(paper.state.suspended.get(harbour)).toEqual(terms);
    paper.decide({ type: "reinstate", member: harbour, reason: REASON, salts: paper.saltsOf(["target"]) });
    expect(paper.member(harbour)).toEqual(terms);
    expect(paper.state.suspended.size).toBe(0);
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: false });
    expect(paper.state.members.has(harbour)).toBe(false);
    expect(paper.state.removed.get(harbour)).toEqual({ admit: terms, reason: REASON, forCause: false });
  });

  it("are refused for whom they do not fit", () => {
    const salts = paper.saltsOf(["target"]);
    refuses({ type: "reinstate", member: harbour, reason: REASON, salts }, "INVALID", ["member"]);
    refuses({ type: "suspend", member: newMemberId(), reason: REASON }, "INVALID", ["member"]);
    refuses({ type: "remove", member: newMemberId(), reason: REASON, forCause: true }, "INVALID", ["member"]);
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    refuses({ type: "suspend", member: harbour, reason: REASON }, "INVALID", ["member"]);
    refuses({ type: "reinstate", member: harbour, reason: REASON, salts: [] }, "INVALID", ["salts"]);
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: false });
    for (const type of ["suspend", "remove"] as const) {
      refuses({ type, member: harbour, reason: REASON, forCause: false }, "INVALID", ["member"]);
    }
    refuses({ type: "reinstate", member: harbour, reason: REASON, salts }, "INVALID", ["member"]);
  });

  it("let a member that was away during a rotation come back with the salts of today", () => {
    paper.decide({ type: "suspend", member: border, reason: REASON });
    // Nobody else works in the domain: its salt is made all the same.
    refuses(paper.opening(2, { salts: paper.opening(2).salts.slice(0, 1) }), "INVALID", ["salts"]);
    paper.rotate(2);
    paper.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: REASON });
    expect(boxOf(2, "target", border)).toBeUndefined();
    const salts = paper.saltsOf(["target", "protected"]);
    expect(salts.map(({ epoch }) => epoch)).toEqual([2, 2]);
    paper.decide({ type: "reinstate", member: border, reason: REASON, salts });
    expect(boxOf(2, "protected", border)?.sealed).toEqual(salts[1]?.sealed);
  });

  it("demand a rotation after a removal, and new evaluator keys after one for cause", () => {
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: true });
    expect(paper.state.rotationDue).toEqual({ afterEpoch: 1, newGeneration: true });
    refuses(paper.opening(2), "INVALID", ["generation"]);
    paper.decide(paper.opening(2, paper.newGeneration()));
    expect(paper.state.rotationDue).toBeDefined();
    paper.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    expect(paper.state.rotationDue).toBeUndefined();
    expect(paper.state.found.generation).toBe(2);
  });

  it("are not satisfied by an epoch whose salts the removed member already has", () => {
    paper.decide(paper.opening(2));
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: false });
    paper.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    expect(paper.state.rotationDue).toEqual({ afterEpoch: 2, newGeneration: false });
    paper.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: REASON });
    paper.rotate(3);
    expect(paper.state.rotationDue).toBeUndefined();
  });

  it("keep demanding new evaluator keys when a second member leaves without cause, or the opening is aborted", () => {
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: true });
    paper.decide({ type: "remove", member: border, reason: REASON, forCause: false });
    paper.decide(paper.opening(2, paper.newGeneration()));
    const { openingHash } = paper.state.epochs.get(2) as Epoch;
    paper.decide({ type: "epochAbort", epoch: 2, openingHash, reason: REASON });
    refuses(paper.opening(3), "INVALID", ["generation"]);
    refuses(paper.opening(3, { ...paper.newGeneration(), generation: 2 }), "INVALID", ["generation"]);
    expect(paper.decide(paper.opening(3, paper.newGeneration())).epochs.get(3)?.generation).toBe(3);
  });
});

describe("rotate-key", () => {
  it("gives a member new keys, and boxes under them", () => {
    const before = paper.member(harbour);
    const [signingKey, sealingKey] = [newSigningKey(), newSealingKey()];
    const salts = paper.saltsOf(["target"]);
    paper.decide({
      type: "rotateKey",
      party: { kind: "member", member: harbour, sealingKey, salts },
      signingKey,
      reason: REASON,
    });
    expect(paper.member(harbour)).toEqual({ ...before, signingKey, sealingKey });
    expect(boxOf(1, "target", harbour)).toEqual({ recipientKey: recipientKeyOf(sealingKey), sealed: salts[0]?.sealed });
    refuses(paper.admission("late", ["target"], { signingKey: before.signingKey }), "INVALID", ["signingKey"]);
  });

  it("gives a member nothing without both keys new and all salts", () => {
    const { signingKey, sealingKey } = paper.member(harbour);
    const salts = paper.saltsOf(["target"]);
    const rotate = (member: MemberId, over: object, key = newSigningKey()): DirectiveBody => ({
      type: "rotateKey",
      party: { kind: "member", member, sealingKey: newSealingKey(), salts, ...over },
      signingKey: key,
      reason: REASON,
    });
    refuses(rotate(harbour, { sealingKey }), "INVALID", ["sealingKey"]);
    refuses(rotate(harbour, {}, signingKey), "INVALID", ["signingKey"]);
    refuses(rotate(harbour, { salts: [] }), "INVALID", ["salts"]);
    refuses(rotate(newMemberId(), {}), "INVALID", ["member"]);
  });

  it("gives a suspended member new keys, and salts only when it is reinstated", () => {
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    const [signingKey, sealingKey] = [newSigningKey(), newSealingKey()];
    const rotate = (salts: EpochSalt[]): DirectiveBody => ({
      type: "rotateKey",
      party: { kind: "member", member: harbour, sealingKey, salts },
      signingKey,
      reason: REASON,
    });
    refuses(rotate(paper.saltsOf(["target"])), "INVALID", ["salts"]);
    paper.decide(rotate([]));
    expect(paper.state.members.has(harbour)).toBe(false);
    expect(paper.state.suspended.get(harbour)).toMatchObject({ signingKey, sealingKey });
    const salts = paper.saltsOf(["target"]);
    paper.decide({ type: "reinstate", member: harbour, reason: REASON, salts });
    expect(paper.member(harbour)).toMatchObject({ signingKey, sealingKey });
    expect(boxOf(1, "target", harbour)).toEqual({ recipientKey: recipientKeyOf(sealingKey), sealed: salts[0]?.sealed });
  });

  it("gives the broker a new key, and with it the evaluator that the broker hosts", () => {
    const signingKey = newSigningKey();
    paper.decide({ type: "rotateKey", party: { kind: "broker" }, signingKey, reason: REASON });
    expect(paper.state.found.broker.signingKey).toEqual(signingKey);
    expect(paper.state.found.evaluators.map((each) => toHex(each.signingKey) === toHex(signingKey))).toEqual([
      true,
      false,
    ]);
    expect(paper.state.generations.get(1)?.[0]?.signingKey).toEqual(signingKey);
  });

  it("gives an evaluator a new key, in every generation that is in use", () => {
    paper.decide(paper.opening(2, paper.newGeneration()));
    const signingKey = newSigningKey();
    paper.decide({ type: "rotateKey", party: { kind: "evaluator", name: "key-office" }, signingKey, reason: REASON });
    for (const generation of [1, 2])
      expect(paper.state.generations.get(generation)?.[1]?.signingKey).toEqual(signingKey);
    expect(paper.state.found.evaluators[1]?.signingKey).toEqual(signingKey);
  });

  it("refuses an evaluator that there is not, or that has no key of its own", () => {
    for (const name of ["broker", "nobody"]) {
      const party = { kind: "evaluator", name } as const;
      refuses({ type: "rotateKey", party, signingKey: newSigningKey(), reason: REASON }, "INVALID", ["evaluator"]);
    }
  });

  it("gives the freshness statements a new key", () => {
    const signingKey = newSigningKey();
    paper.decide({ type: "rotateKey", party: { kind: "freshness" }, signingKey, reason: REASON });
    expect(paper.state.found.freshnessKey).toEqual(signingKey);
    refuses({ type: "rotateKey", party: { kind: "broker" }, signingKey, reason: REASON }, "INVALID", ["signingKey"]);
  });
});

describe("member-change", () => {
  const change = (member: MemberId, over: Partial<Body<"memberChange">> = {}): Body<"memberChange"> => {
    const { name, contact, domains, legalBasis, purposes, retentionDaysMax } = (paper.state.members.get(member) ??
      paper.state.suspended.get(member)) as Admit;
    const terms = { name, contact, domains, legalBasis, purposes, retentionDaysMax };
    return { type: "memberChange", member, ...terms, salts: [], reason: REASON, ...over };
  };

  it("replaces the terms that it names, and leaves keys, slug, mandate and budget", () => {
    const contact = { office: "new desk", phone: "+44 7700 900009", email: "", hours: "" };
    const terms = { name: "New name", contact, legalBasis: "Another Act", purposes: ["other"], retentionDaysMax: 30 };
    const before = paper.member(harbour);
    paper.decide(change(harbour, terms));
    expect(paper.member(harbour)).toEqual({ ...before, ...terms });
    expect(paper.state.rotationDue).toBeUndefined();
    expect(boxOf(1, "target", harbour)?.recipientKey).toEqual(recipientKeyOf(before.sealingKey));
  });

  it("gives boxes of a domain that the member gains, and of no other", () => {
    const domains: Domain[] = ["target", "protected"];
    refuses(change(harbour, { domains }), "INVALID", ["salts"]);
    refuses(change(harbour, { domains, salts: paper.saltsOf(domains) }), "INVALID", ["salts"]);
    paper.decide(change(harbour, { domains, salts: paper.saltsOf(["protected"]) }));
    expect(boxOf(1, "protected", harbour)?.recipientKey).toEqual(recipientKeyOf(paper.member(harbour).sealingKey));
    expect(paper.state.rotationDue).toBeUndefined();
  });

  it("takes the boxes of a domain that the member loses, after which a rotation is due", () => {
    paper.decide(change(border, { domains: ["target"] }));
    expect(boxOf(1, "protected", border)).toBeUndefined();
    expect(boxOf(1, "target", border)).toBeDefined();
    expect(paper.state.rotationDue).toEqual({ afterEpoch: 1, newGeneration: false });
    paper.decide({ type: "remove", member: harbour, reason: REASON, forCause: true });
    paper.decide(change(border, { domains: ["protected"], salts: paper.saltsOf(["protected"]) }));
    expect(paper.state.rotationDue?.newGeneration).toBe(true);
  });

  it("is refused for strangers, for no domain, one named twice, and one of which there is no salt", () => {
    refuses({ ...change(harbour), member: newMemberId() }, "INVALID", ["member"]);
    refuses(change(harbour, { domains: ["target", "nexus"] }), "INVALID", ["domains"]);
    expect(() => paper.receive(paper.sign(change(harbour, { domains: [] })))).toThrow(CausewayError);
    expect(() => paper.receive(paper.sign(change(harbour, { domains: ["target", "target"] })))).toThrow(CausewayError);
  });

  it("changes a suspended member too, which gets its salts when it is reinstated", () => {
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    const domains: Domain[] = ["target", "protected"];
    refuses(change(harbour, { domains, salts: paper.saltsOf(["protected"]) }), "INVALID", ["salts"]);
    paper.decide(change(harbour, { domains, name: "New name" }));
    expect(paper.state.members.has(harbour)).toBe(false);
    paper.decide({ type: "reinstate", member: harbour, reason: REASON, salts: paper.saltsOf(domains) });
    expect([paper.member(harbour).name, boxOf(1, "protected", harbour) !== undefined]).toEqual(["New name", true]);
  });
});

describe("places", () => {
  const places = (over: Partial<Body<"places">>): Body<"places"> => ({
    type: "places",
    broker: "",
    evaluators: [],
    nats: "",
    reason: REASON,
    ...over,
  });
  const addresses = (): string[] => paper.state.found.evaluators.map(({ address }) => address);

  it("moves who is named, and the evaluator that the broker hosts with the broker", () => {
    paper.decide(places({ broker: "other.example:1" }));
    expect([paper.state.found.broker.address, ...addresses()]).toEqual([
      "other.example:1",
      "other.example:1",
      "localhost:7444",
    ]);
    paper.decide(places({ evaluators: [{ name: "key-office", address: "keys.example:2" }], nats: "nats.example:3" }));
    expect([...addresses(), paper.state.natsAddress]).toEqual(["other.example:1", "keys.example:2", "nats.example:3"]);
    expect(paper.state.generations.get(1)?.map(({ address }) => address)).toEqual(addresses());
    paper.decide(places({ broker: "third.example:4" }));
    expect(paper.state.natsAddress).toBe("nats.example:3");
  });

  it("are refused for nobody, for strangers, for one twice, and for the evaluator that the broker is", () => {
    refuses(places({}), "INVALID", ["broker", "evaluators", "nats"]);
    const at = (...names: string[]) => places({ evaluators: names.map((name) => ({ name, address: "x.example:1" })) });
    refuses(at("key-office", "stranger", "broker"), "INVALID", ["evaluators[1].name", "evaluators[2].name"]);
    refuses(at("key-office", "key-office"), "INVALID", ["evaluators"]);
  });
});

describe("tls-roots", () => {
  const roots = (...list: Uint8Array[]): DirectiveBody => ({ type: "tlsRoots", roots: list, reason: REASON });

  it("come beside the one before, which can go once the new one is there", () => {
    const [old, fresh] = [paper.state.found.tlsRoots[0] as Uint8Array, randomBytes(40)];
    refuses(roots(fresh), "INVALID", ["roots"]);
    refuses(roots(old, fresh, fresh), "INVALID", ["roots"]);
    paper.decide(roots(old, fresh));
    expect(paper.state.found.tlsRoots).toEqual([old, fresh]);
    paper.decide(roots(fresh));
    expect(paper.state.found.tlsRoots).toEqual([fresh]);
    refuses(roots(old), "INVALID", ["roots"]);
  });
});

describe("board-change", () => {
  const newcomer = newSeat("newcomer");
  const withNewcomer = (): Seat[] => [...paper.seats.slice(1), newcomer];

  it("replaces an administrator, and the shares of every open salt", () => {
    const body = paper.boardChange(withNewcomer(), 2);
    paper.decide(body, paper.seats.slice(1));
    expect(paper.state.found.board.map(({ name }) => name)).toEqual(["deputy", "clerk", "newcomer"]);
    for (const { epoch, domain, shares } of body.shares) {
      expect(paper.state.epochs.get(epoch)?.salts.find((salt) => salt.domain === domain)?.shares).toEqual(shares);
    }
    const [chair, deputy] = paper.seats as [Seat, Seat];
    const next: DirectiveBody = { type: "suspend", member: harbour, reason: REASON };
    expect(() => paper.receive(paper.sign(next, [chair, deputy]))).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
    expect(paper.receive(paper.sign(next, [deputy, newcomer])).suspended.size).toBe(1);
  });

  it("needs a quorum of the old board and a quorum of the new one", () => {
    const strangers = [newSeat("one"), newSeat("two"), newSeat("three")];
    const body = paper.boardChange(strangers, 2);
    const unproven = expect.objectContaining({ code: "UNPROVEN" });
    expect(() => paper.receive(paper.sign(body, paper.seats))).toThrow(unproven);
    expect(() => paper.receive(paper.sign(body, strangers))).toThrow(unproven);
    const [chair] = paper.seats as [Seat];
    expect(() => paper.receive(paper.sign(body, [chair, chair, ...strangers]))).toThrow(unproven);
    const [one, two] = strangers as [Seat, Seat];
    expect(() => paper.receive(paper.sign(body, [...paper.seats, one, one]))).toThrow(unproven);
    expect(paper.receive(paper.sign(body, [...paper.seats.slice(0, 2), one, two])).found.board).toHaveLength(3);
  });

  it("is refused for a board of one, a quorum of half, or an old key for a newcomer", () => {
    refuses(paper.boardChange(paper.seats.slice(0, 1), 1), "INVALID", ["quorum"]);
    refuses(paper.boardChange([...paper.seats, newcomer], 2), "INVALID", ["quorum"]);
    const copied = { ...newcomer, public: { ...newcomer.public, signingKey: paper.member(harbour).signingKey } };
    refuses(paper.boardChange([...paper.seats, copied], 3), "INVALID", ["board"]);
    const halfNew = {
      ...newcomer,
      public: { ...newcomer.public, sealingKey: paper.seats[0]?.public.sealingKey as never },
    };
    refuses(paper.boardChange([...paper.seats.slice(1), halfNew], 2), "INVALID", ["board"]);
    const [, ...rest] = paper.seats as [Seat, ...Seat[]];
    const twice = ["board", "shares[0]", "shares[1]"];
    refuses(paper.boardChange([...rest, rest[0] as Seat], 2), "INVALID", twice);
  });

  it("does not take back an administrator with the keys it had", () => {
    paper.decide(paper.boardChange(withNewcomer(), 2), paper.seats.slice(1));
    const back = paper.sign(paper.boardChange([...paper.seats], 2), [...paper.seats.slice(1), newcomer]);
    expect(() => paper.receive(back)).toThrow(expect.objectContaining({ code: "INVALID", fields: ["board"] }));
  });

  it("is refused without a new share of every open salt for every new administrator", () => {
    const seats = withNewcomer();
    const good = paper.boardChange(seats, 2);
    refuses({ ...good, shares: good.shares.slice(1) }, "INVALID", ["shares"]);
    const board = seats.slice(1).map((seat) => seat.public);
    const short = good.shares.map((each, i) => (i === 1 ? { ...each, shares: sharesFor(board) } : each));
    refuses({ ...good, shares: short }, "INVALID", ["shares[1]"]);
  });
});

describe("epoch-open", () => {
  it("gives no number twice, neither of an aborted nor of a retired epoch", () => {
    paper.decide(paper.opening(5));
    const { openingHash } = paper.state.epochs.get(5) as Epoch;
    paper.decide({ type: "epochAbort", epoch: 5, openingHash, reason: REASON });
    for (const epoch of [1, 2, 5]) refuses(paper.opening(epoch), "INVALID", ["epoch"]);
    paper.rotate(6);
    paper.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: REASON });
    refuses(paper.opening(6), "INVALID", ["epoch"]);
    expect(paper.decide(paper.opening(7)).epochs.get(7)?.state).toBe("staging");
  });

  it("waits until the rotation before is over", () => {
    paper.decide(paper.opening(2));
    refuses(paper.opening(3), "INVALID", ["epoch"]);
    paper.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    refuses(paper.opening(3), "INVALID", ["epoch"]);
    paper.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: REASON });
    expect(openEpochs(paper.decide(paper.opening(3))).map(({ epoch }) => epoch)).toEqual([2, 3]);
  });

  it("takes the sealing keys that members have offered, and leaves the others theirs", () => {
    const offer = paper.offer(harbour, 2);
    const before = paper.member(border).sealingKey;
    paper.decide(paper.opening(2, { memberKeys: [offer] }));
    expect(paper.member(harbour).sealingKey).toEqual(offer.sealingKey);
    expect(boxOf(2, "target", harbour)?.recipientKey).toEqual(recipientKeyOf(offer.sealingKey));
    expect(boxOf(2, "target", border)?.recipientKey).toEqual(recipientKeyOf(before));
    expect(boxOf(1, "target", harbour)?.recipientKey).not.toEqual(recipientKeyOf(offer.sealingKey));
  });

  it("refuses a sealing key that its member did not offer for this epoch", () => {
    const used = paper.member(border).sealingKey;
    const same = newSealingKey();
    const bad = [
      [paper.offer(harbour, 2, { signer: newSigner() })],
      [paper.offer(harbour, 2, { signer: paper.signers.get(border) as never })],
      [paper.offer(harbour, 3)],
      [paper.offer(harbour, 2, { sealingKey: used })],
      [paper.offer(harbour, 2, { sealingKey: new Uint8Array(SEALING_KEY_BYTES) })],
    ];
    for (const memberKeys of bad) refuses(paper.opening(2, { memberKeys }), "INVALID", ["memberKeys[0]"]);
    const twice = [paper.offer(harbour, 2), paper.offer(harbour, 2)];
    refuses(paper.opening(2, { memberKeys: twice }), "INVALID", ["memberKeys"]);
    const shared = [harbour, border].map((member) => paper.offer(member, 2, { sealingKey: same }));
    refuses(paper.opening(2, { memberKeys: shared }), "INVALID", ["memberKeys", "brokerSealingKey"]);
    const brokers = { memberKeys: [paper.offer(harbour, 2, { sealingKey: same })], brokerSealingKey: same };
    refuses(paper.opening(2, brokers), "INVALID", ["brokerSealingKey"]);
  });

  it("takes a new generation whose shares nobody has seen before", () => {
    const next = paper.newGeneration();
    const before = paper.state.found;
    paper.decide(paper.opening(2, next));
    expect([...paper.state.generations.keys()]).toEqual([1, 2]);
    expect(paper.state.found.evaluators).toEqual(before.evaluators);
    paper.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    expect(paper.state.found.evaluators).toEqual(next.evaluators);
    paper.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: REASON });
    expect([...paper.state.generations.keys()]).toEqual([2]);
    const old = before.evaluators[0]?.sharePublicKey as Uint8Array;
    const again = paper.newGeneration();
    const evaluators = again.evaluators.map((each, i) => (i === 0 ? { ...each, sharePublicKey: old } : each));
    refuses(paper.opening(3, { ...again, evaluators }), "INVALID", ["evaluators[0].sharePublicKey"]);
  });

  it("refuses a generation out of turn, and evaluators that share a key or took somebody's", () => {
    const next = paper.newGeneration();
    const [own, office] = next.evaluators as [(typeof next.evaluators)[0], (typeof next.evaluators)[0]];
    const open = (evaluators: readonly (typeof own)[]) => paper.opening(2, { ...next, evaluators });
    refuses(paper.opening(2, { ...next, generation: 1 }), "INVALID", ["generation"]);
    refuses(paper.opening(2, { ...next, generation: 3 }), "INVALID", ["generation"]);
    refuses(open([own, { ...office, sharePublicKey: own.sharePublicKey }]), "INVALID", [
      "evaluators",
      "brokerSealingKey",
    ]);
    refuses(open([own, { ...office, signingKey: newSigningKey() }]), "INVALID", ["evaluators[1].signingKey"]);
    const stranger = { ...office, name: "stranger", sharePublicKey: newShare() };
    const used = { ...stranger, signingKey: paper.member(harbour).signingKey };
    refuses(open([own, used]), "INVALID", ["evaluators[1].signingKey"]);
    const key = newSigningKey();
    const twins = ["one", "two"].map((name) => ({ ...stranger, name, signingKey: key, sharePublicKey: newShare() }));
    refuses(open([own, ...twins]), "INVALID", ["evaluators", "brokerSealingKey"]);
    expect(paper.receive(paper.sign(open([own, { ...stranger, signingKey: key }]))).generations.get(2)).toHaveLength(2);
  });

  it("remembers the keys of evaluators that came with it", () => {
    const next = paper.newGeneration();
    const signingKey = newSigningKey();
    const stranger = { ...(next.evaluators[1] as object), name: "stranger", signingKey } as (typeof next.evaluators)[0];
    paper.decide(paper.opening(2, { ...next, evaluators: [...next.evaluators.slice(0, 1), stranger] }));
    refuses(paper.admission("late", ["target"], { signingKey }), "INVALID", ["signingKey"]);
  });
});

describe("activate, abort, retire", () => {
  const activate = (epoch: number, laggards: MemberId[] = []): DirectiveBody => ({
    type: "epochActivate",
    epoch,
    laggards,
  });
  const retire = (epoch: number, cause: "rotated" | "leaked"): DirectiveBody => ({
    type: "epochRetire",
    epoch,
    cause,
    laggards: [],
    reason: REASON,
  });

  it("lead an epoch from staging through active and closing to retired", () => {
    const seen = (): (string | undefined)[] => [stateOf(1), stateOf(2)];
    paper.decide(paper.opening(2));
    expect(seen()).toEqual(["active", "staging"]);
    paper.decide(activate(2, [harbour]));
    expect(seen()).toEqual(["closing", "active"]);
    expect(activeEpoch(paper.state)?.epoch).toBe(2);
    paper.decide(retire(1, "rotated"));
    expect(seen()).toEqual(["retired", "active"]);
    for (const epoch of [1, 2]) refuses(activate(epoch), "INVALID", ["epoch"]);
  });

  it("name laggards that are members, each once", () => {
    paper.decide(paper.opening(2));
    refuses(activate(2, [newMemberId()]), "INVALID", ["laggards"]);
    refuses(activate(2, [harbour, harbour]), "INVALID", ["laggards"]);
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    expect(paper.decide(activate(2, [harbour])).epochs.get(2)?.state).toBe("active");
  });

  it("abort only the very opening that they name, and only in staging", () => {
    const abort = (epoch: number, openingHash: Uint8Array): DirectiveBody => ({
      type: "epochAbort",
      epoch,
      openingHash,
      reason: REASON,
    });
    const first = paper.state.epochs.get(1) as Epoch;
    refuses(abort(1, first.openingHash), "INVALID", ["epoch"]);
    paper.decide(paper.opening(2));
    const { openingHash } = paper.state.epochs.get(2) as Epoch;
    refuses(abort(2, first.openingHash), "INVALID", ["openingHash"]);
    refuses(abort(2, randomBytes(32)), "INVALID", ["openingHash"]);
    paper.decide(abort(2, openingHash));
    expect([stateOf(1), stateOf(2)]).toEqual(["active", "aborted"]);
    refuses(abort(2, openingHash), "INVALID", ["epoch"]);
    refuses(activate(2), "INVALID", ["epoch"]);
    paper.decide(paper.opening(3));
    refuses(abort(3, openingHash), "INVALID", ["openingHash"]);
    paper.decide(activate(3));
    refuses(abort(3, (paper.state.epochs.get(3) as Epoch).openingHash), "INVALID", ["epoch"]);
  });

  it("retire what is closing, or what is active when its salt has leaked", () => {
    refuses(retire(1, "rotated"), "INVALID", ["epoch"]);
    refuses(retire(7, "leaked"), "INVALID", ["epoch"]);
    paper.decide(paper.opening(2));
    refuses(retire(2, "leaked"), "INVALID", ["epoch"]);
    paper.decide(retire(1, "leaked"));
    expect(activeEpoch(paper.state)).toBeUndefined();
    expect([...paper.state.generations.keys()]).toEqual([1]);
    paper.decide(activate(2));
    expect([stateOf(1), stateOf(2)]).toEqual(["retired", "active"]);
    refuses(retire(1, "leaked"), "INVALID", ["epoch"]);
  });
});

describe("policy and never-correlate", () => {
  const policy = {
    canaryBeatMinutes: 60,
    canaryWithinMinutes: 5,
    budgetAlarmPercent: 50,
    overdueStatementsMax: 3,
    reason: REASON,
  };

  it("change what they name and leave the rest", () => {
    paper.decide({ type: "policy", ...policy, allowances: [{ member: harbour, perDay: 7 }] });
    expect(paper.state.policy).toEqual({
      canaryBeatMinutes: 60,
      canaryWithinMinutes: 5,
      budgetAlarmPercent: 50,
      overdueStatementsMax: 3,
    });
    expect(paper.member(harbour).budget).toEqual({ initial: 100_000, perDay: 7 });
    expect(paper.member(border).budget).toEqual({ initial: 100_000, perDay: 10_000 });
  });

  it("refuse test records that must have met after the next ones are out, and allowances for strangers", () => {
    refuses({ type: "policy", ...policy, canaryWithinMinutes: 60, allowances: [] }, "INVALID", ["canaryWithinMinutes"]);
    const allowances = [harbour, newMemberId()].map((member) => ({ member, perDay: 7 }));
    refuses({ type: "policy", ...policy, allowances }, "INVALID", ["allowances[1].member"]);
    const twice = [harbour, harbour].map((member) => ({ member, perDay: 7 }));
    refuses({ type: "policy", ...policy, allowances: twice }, "INVALID", ["allowances"]);
  });

  it("collect tokens that open no match, for one open epoch and domain", () => {
    const [one, two] = [randomBytes(16), randomBytes(16)];
    const list = (epoch: number, domain: Domain, tokens: Uint8Array[]): DirectiveBody => ({
      type: "neverCorrelate",
      epoch,
      domain,
      tokens,
      reason: REASON,
    });
    paper.decide(list(1, "target", [one]));
    paper.decide(list(1, "target", [one, two]));
    expect(paper.state.epochs.get(1)?.neverCorrelate.get("target")).toEqual(new Set([toHex(one), toHex(two)]));
    expect(paper.state.epochs.get(1)?.neverCorrelate.get("protected")).toBeUndefined();
    refuses(list(1, "nexus", [one]), "INVALID", ["domain"]);
    refuses(list(2, "target", [one]), "INVALID", ["epoch"]);
  });
});

describe("a quorum of distinct administrators", () => {
  const bodies = (): Readonly<Record<string, DirectiveBody>> => ({
    admit: paper.admission("late", ["target"]),
    suspend: { type: "suspend", member: harbour, reason: REASON },
    remove: { type: "remove", member: harbour, reason: REASON, forCause: false },
    rotateKey: { type: "rotateKey", party: { kind: "freshness" }, signingKey: newSigningKey(), reason: REASON },
    boardChange: paper.boardChange([...paper.seats, newSeat("fourth")], 3),
    epochOpen: paper.opening(2),
    epochRetire: { type: "epochRetire", epoch: 1, cause: "leaked", laggards: [], reason: REASON },
    policy: {
      type: "policy",
      canaryBeatMinutes: 60,
      canaryWithinMinutes: 5,
      budgetAlarmPercent: 50,
      overdueStatementsMax: 3,
      allowances: [],
      reason: REASON,
    },
    memberChange: { ...paper.member(harbour), type: "memberChange", salts: [], reason: REASON },
    places: { type: "places", broker: "x.example:1", evaluators: [], nats: "", reason: REASON },
    tlsRoots: { type: "tlsRoots", roots: [...paper.state.found.tlsRoots, randomBytes(40)], reason: REASON },
    neverCorrelate: { type: "neverCorrelate", epoch: 1, domain: "target", tokens: [randomBytes(16)], reason: REASON },
  });

  it("must sign each type of directive", () => {
    for (const body of Object.values(bodies())) allSign(body);
    paper.decide({ type: "suspend", member: harbour, reason: REASON });
    allSign({ type: "reinstate", member: harbour, reason: REASON, salts: paper.saltsOf(["target"]) });
    paper.decide(paper.opening(2));
    const { openingHash } = paper.state.epochs.get(2) as Epoch;
    allSign({ type: "epochAbort", epoch: 2, openingHash, reason: REASON });
    allSign({ type: "epochActivate", epoch: 2, laggards: [] });
  });

  function allSign(body: DirectiveBody): void {
    const [chair] = paper.seats as [Seat];
    const unproven = expect.objectContaining({ code: "UNPROVEN" });
    expect(() => paper.receive(paper.sign(body, [chair, chair]))).toThrow(unproven);
    expect(() => paper.receive(paper.sign(body, [chair, newSeat("stranger")]))).toThrow(unproven);
    // Three of the old board are a quorum of the four that the change makes.
    expect(paper.receive(paper.sign(body, paper.seats)).head.number).toBe(paper.state.head.number + 1);
  }

  it("is what a proposal lacks, and nothing else", () => {
    const proposal = paper.sign({ type: "suspend", member: harbour, reason: REASON }, paper.seats.slice(0, 1));
    const context = { nowMs: NOW_MS };
    expect(foldProposal(paper.state, proposal, context).suspended.has(harbour)).toBe(true);
    const refused = (over: object, code: ErrorCode): void => {
      const signed = paper.sign({ type: "suspend", member: harbour, reason: REASON }, [], over);
      expect(() => foldProposal(paper.state, signed, context)).toThrow(expect.objectContaining({ code }));
    };
    refused({ federation: randomBytes(16) }, "UNPROVEN");
    refused({ number: paper.state.head.number }, "OUT_OF_SEQUENCE");
    refused({ prevHash: randomBytes(32) }, "OUT_OF_SEQUENCE");
    refused({ issuedAtMs: NOW_MS - 2, notAfterMs: NOW_MS - 1 }, "OUT_OF_SEQUENCE");
  });
});

/** Keys come from small pools, so that repetitions are common; slots name members, so that orders are often wrong. */
type Step = { readonly act: number; readonly slot: number; readonly key: number; readonly flag: boolean };
const steps = fc.array(fc.record({ act: fc.nat(12), slot: fc.nat(3), key: fc.nat(9), flag: fc.boolean() }), {
  minLength: 10,
  maxLength: 40,
});
const SIGNING_POOL = Array.from({ length: 10 }, newSigner);
const SEALING_POOL = Array.from({ length: 10 }, newSealingKey);
const SEAT_POOL = ["fourth", "fifth", "sixth"].map((name) => newSeat(name));

function bodyOf(step: Step, of: PaperFederation, slots: MemberId[], seats: readonly Seat[]): DirectiveBody {
  const { act, slot, key, flag } = step;
  const member = slots[slot] ?? newMemberId();
  const newest = Math.max(0, ...of.state.epochs.keys());
  const domains: Domain[] = flag ? ["target"] : ["target", "protected"];
  const [signingKey, sealingKey] = [SIGNING_POOL[key]?.publicKey, SEALING_POOL[key]] as [Uint8Array, Uint8Array];
  const terms = of.state.suspended.get(member) ?? of.state.members.get(member);
  const salts = of.saltsOf(terms?.domains ?? domains);
  switch (act) {
    case 0:
    case 1:
      return of.admission(`unit-${slot}`, domains, { signingKey, sealingKey, ...(flag ? {} : { member }) });
    case 2:
      return { type: "suspend", member, reason: REASON };
    case 3:
      return { type: "reinstate", member, reason: REASON, salts };
    case 4:
      return { type: "remove", member, reason: REASON, forCause: flag };
    case 5:
      return {
        type: "rotateKey",
        party: { kind: "member", member, sealingKey, salts: of.state.suspended.has(member) ? [] : salts },
        signingKey,
        reason: REASON,
      };
    case 6:
      return { type: "rotateKey", party: { kind: flag ? "broker" : "freshness" }, signingKey, reason: REASON };
    case 7:
      return of.boardChange([...seats.slice(0, 2), SEAT_POOL[key % 3] as Seat], 2);
    case 8:
    case 9:
      return of.opening(newest + (act === 9 ? 0 : 1), {
        ...(flag ? of.newGeneration() : {}),
        brokerSealingKey: key < 5 ? newSealingKey() : sealingKey,
      });
    case 11: {
      const gained = domains.filter((each) => terms?.domains.includes(each) === false);
      const sealed = of.state.suspended.has(member) ? [] : of.saltsOf(gained);
      const changed = { ...termsOf(`unit-${slot}`, domains), ...terms, member, domains };
      return { ...changed, type: "memberChange", salts: sealed, reason: REASON };
    }
    case 10:
      return { type: "epochActivate", epoch: flag ? newest : Math.max(1, newest - 1), laggards: [] };
    default: {
      const openingHash = of.state.epochs.get(newest)?.openingHash ?? randomBytes(32);
      if (flag) return { type: "epochAbort", epoch: newest || 1, openingHash, reason: REASON };
      return {
        type: "epochRetire",
        epoch: Math.max(1, newest - slot),
        cause: key < 5 ? "rotated" : "leaked",
        laggards: [],
        reason: REASON,
      };
    }
  }
}

describe("whatever the board decides", () => {
  it("members are in one state, keys and epoch numbers never come back, and every open salt has its boxes and shares", () => {
    let accepted = 0;
    fc.assert(
      fc.property(steps, (sequence) => {
        const of = new PaperFederation();
        const slots: MemberId[] = [];
        let seats: readonly Seat[] = of.seats;
        for (const step of sequence) {
          const before = of.state;
          const body = bodyOf(step, of, slots, seats);
          try {
            of.decide(body, [...seats, ...(body.type === "boardChange" ? SEAT_POOL : [])]);
          } catch (error) {
            if (!(error instanceof CausewayError) || error.code !== "INVALID") throw error;
            expect(of.state).toBe(before);
            continue;
          }
          accepted += 1;
          if (body.type === "admit") slots[step.slot] = body.member;
          if (body.type === "boardChange") seats = seatsOf(body, [...seats, ...SEAT_POOL]);
          expectLaws(before, of.state, body);
        }
      }),
      { numRuns: 60 },
    );
    expect(accepted).toBeGreaterThan(300);
  });
});

function seatsOf(body: Extract<DirectiveBody, { type: "boardChange" }>, known: readonly Seat[]): Seat[] {
  return body.board.map((each) => known.find((seat) => seat.public.signingKey === each.signingKey) as Seat);
}

function expectLaws(before: Federation, after: Federation, body: DirectiveBody): void {
  const standing = [after.members, after.suspended, after.removed].flatMap((each) => [...each.keys()]);
  expect(new Set(standing).size).toBe(standing.length);
  expect(keysGiven(body, before).every((key) => !before.usedKeys.has(toHex(key)))).toBe(true);
  expect(new Set(keysGiven(body, before).map(toHex)).size).toBe(keysGiven(body, before).length);
  expect(after.usedKeys.size).toBe(before.usedKeys.size + keysGiven(body, before).length);
  const added = [...after.epochs.keys()].filter((epoch) => !before.epochs.has(epoch));
  expect(added.every((epoch) => [...before.epochs.keys()].every((known) => known < epoch))).toBe(true);
  for (const [number, { state }] of before.epochs) {
    if (state === "retired" || state === "aborted") expect(after.epochs.get(number)?.state).toBe(state);
  }
  const open = openEpochs(after);
  expect(open.length).toBeLessThanOrEqual(2);
  for (const state of ["staging", "active", "closing"]) {
    expect(open.filter((epoch) => epoch.state === state).length).toBeLessThanOrEqual(1);
  }
  const board = after.found.board.map(({ signingKey }) => toHex(keyId(signingKey))).sort();
  for (const { salts, generation } of open) {
    expect(after.generations.has(generation)).toBe(true);
    for (const { domain, boxes, shares } of salts) {
      expect(shares.map(({ administratorKeyId }) => toHex(administratorKeyId)).sort()).toEqual(board);
      for (const { member, domains } of after.members.values()) {
        expect(boxes.has(member)).toBe(domains.includes(domain));
      }
    }
  }
  for (const { domains } of after.members.values()) {
    expect(open.every(({ salts }) => domains.every((each) => salts.some(({ domain }) => domain === each)))).toBe(true);
  }
}

/** Told apart from what `decisions.ts` counts: the keys that stand in the directive and did not stand in the federation. */
function keysGiven(body: DirectiveBody, before: Federation): Uint8Array[] {
  switch (body.type) {
    case "admit":
      return [body.signingKey, recipientKeyOf(body.sealingKey)];
    case "rotateKey":
      return [body.signingKey, ...(body.party.kind === "member" ? [recipientKeyOf(body.party.sealingKey)] : [])];
    case "boardChange":
      return body.board
        .filter(({ signingKey }) => !before.found.board.some((old) => toHex(old.signingKey) === toHex(signingKey)))
        .flatMap(({ signingKey, sealingKey }) => [signingKey, recipientKeyOf(sealingKey)]);
    case "epochOpen":
      return [recipientKeyOf(body.brokerSealingKey), ...body.evaluators.map(({ sharePublicKey }) => sharePublicKey)];
    default:
      return [];
  }
}
