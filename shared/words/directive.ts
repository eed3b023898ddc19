/**
 * What a directive does, in plain words and with every parameter: whoever is asked to sign one reads this and nothing else, at a
 * terminal, in the console or on paper. One description for all of them, so that nobody signs what others read differently.
 */
import { toHex } from "../core/bytes.ts";
import type {
  Administrator,
  Admission,
  Admit,
  BoardChange,
  DirectiveBody,
  EpochAbort,
  EpochActivate,
  EpochOpen,
  EpochRetire,
  EpochSalt,
  Evaluator,
  Found,
  MemberChange,
  NeverCorrelate,
  Places,
  Policy,
  Reinstate,
  Remove,
  RotateKey,
  SignedDirective,
  Suspend,
  TlsRoots,
} from "../core/directive.ts";
import type { MemberId } from "../core/ids.ts";
import { recipientKeyOf } from "../crypto/seal.ts";
import { idOf, keyId } from "../crypto/sign.ts";
import { count, listed } from "./figures.ts";
import type { Names } from "./names.ts";
import { bytes, id, instant, line, name } from "./pieces.ts";
import type { Fact, Line, Mark } from "./pieces.ts";
import { say } from "./say.ts";

export type DirectiveDescription = {
  /** Such as "Suspend Harbour Unit". */
  readonly headline: string;
  /** What happens when it takes effect. */
  readonly effect: string;
  readonly facts: readonly Fact[];
};

export type Surroundings = {
  readonly names: Names;
  /** The board before the directive, which a change of the board is held against; undefined where it is not known. */
  readonly boardBefore?: readonly Administrator[] | undefined;
};

/** Such as "Suspension"; for lists. */
export function directiveType(type: DirectiveBody["type"]): string {
  return say(`directive.type.${type}`);
}

/** The board that the directive of this number met; undefined for the founding. `directives`: from the first on. */
export function boardBefore(
  directives: readonly Pick<SignedDirective, "directive">[],
  number: number,
): readonly Administrator[] | undefined {
  const bodies = directives.slice(0, number - 1).map(({ directive }) => directive.body);
  return bodies.findLast((body) => body.type === "found" || body.type === "boardChange")?.board;
}

export function describeDirective(body: DirectiveBody, { names, boardBefore }: Surroundings): DirectiveDescription {
  switch (body.type) {
    case "found":
      return founding(body);
    case "admit":
      return admission(body);
    case "memberChange":
      return memberChange(body, names);
    case "suspend":
      return suspension(body, names);
    case "reinstate":
      return reinstatement(body, names);
    case "remove":
      return removal(body, names);
    case "rotateKey":
      return newKey(body, names);
    case "boardChange":
      return boardChange(body, boardBefore);
    case "places":
      return places(body);
    case "tlsRoots":
      return tlsRoots(body);
    case "epochOpen":
      return opening(body, names);
    case "epochActivate":
      return activation(body, names);
    case "epochAbort":
      return abort(body);
    case "epochRetire":
      return retirement(body, names);
    case "policy":
      return policy(body, names);
    case "neverCorrelate":
      return neverCorrelate(body);
  }
}

/** What a line of a list says a directive is about. */
export function directiveSubject(body: DirectiveBody, names: Names): string {
  switch (body.type) {
    case "found":
      return say("directive.about.found", { name: body.name, quorum: body.quorum, seats: body.board.length });
    case "admit":
      return say("directive.about.admit", { ...body, domains: body.domains.join(", ") });
    case "epochOpen":
    case "epochActivate":
    case "epochAbort":
    case "epochRetire":
    case "neverCorrelate":
      return say("epoch.number", body);
    case "memberChange":
    case "suspend":
    case "reinstate":
    case "remove":
      return names.slugged(body.member);
    case "rotateKey":
      return body.party.kind === "member" ? names.slugged(body.party.member) : keyHolder(body.party, names);
    case "boardChange":
      return say("directive.about.board", { quorum: body.quorum, seats: body.board.length });
    case "places":
    case "tlsRoots":
    case "policy":
      return body.reason;
  }
}

/** Terms of membership, as the chain has them now. */
export function termsFacts(admit: Admit): Fact[] {
  return [
    fact(say("fact.mandate"), [name(admit.mandate)]),
    ...changeableFacts(admit),
    fact(say("fact.budget"), [say("fact.budgetOf", admit.budget)]),
  ];
}

function changeableFacts(
  terms: Pick<Admit, "legalBasis" | "purposes" | "domains" | "retentionDaysMax" | "contact">,
): Fact[] {
  const { office, phone, email, hours } = terms.contact;
  const lines = [office, phone, email, hours].filter((text) => text !== "");
  return [
    fact(say("fact.legalBasis"), [name(terms.legalBasis)]),
    fact(say("fact.purposes"), ...terms.purposes.map((purpose) => [name(purpose)])),
    fact(say("fact.domains"), ...terms.domains.map((domain) => [say(`domain.${domain}`)])),
    fact(say("fact.retention"), [say("fact.retentionDays", { count: terms.retentionDaysMax })]),
    fact(say("fact.contact"), ...lines.map((text) => [name(text)])),
  ];
}

function founding(body: Found): DirectiveDescription {
  const { broker } = body;
  const at = { name: name(broker.name), address: broker.address, key: keyMark(broker.signingKey) };
  const facts = [
    fact(say("fact.name"), [name(body.name)]),
    fact(say("fact.board"), ...body.board.map(seatLine)),
    quorumFact(body),
    fact(say("fact.broker"), line("fact.brokerAt", at)),
    fact(say("fact.evaluators"), ...body.evaluators.map(evaluatorLine)),
    fact(say("fact.generation"), [count(body.generation)]),
    fact(say("fact.tlsRoots"), ...body.tlsRoots.map((root) => [rootMark(root)])),
    fact(say("fact.freshnessKey"), [keyMark(body.freshnessKey)]),
  ];
  return { headline: say("directive.found", { name: body.name }), effect: say("directive.found.effect"), facts };
}

function admission(body: Admission): DirectiveDescription {
  const facts = [
    fact(say("fact.member"), line("fact.memberNamed", { member: name(body.name), slug: body.slug })),
    ...termsFacts(body),
    fact(say("fact.signingKey"), [keyMark(body.signingKey)]),
    fact(say("fact.sealingKey"), [sealingKeyMark(body.sealingKey)]),
    saltsFact(body.salts),
    fact(say("fact.memberId"), [{ kind: "bytes", hex: body.member }]),
  ];
  return { headline: say("directive.admit", { name: body.name }), effect: say("directive.admit.effect"), facts };
}

function memberChange(body: MemberChange, names: Names): DirectiveDescription {
  return {
    headline: say("directive.memberChange", { member: names.member(body.member) }),
    effect: say("directive.memberChange.effect"),
    facts: [
      memberFact(body.member, names),
      fact(say("fact.name"), [name(body.name)]),
      ...changeableFacts(body),
      saltsFact(body.salts),
      reasonFact(body),
    ],
  };
}

function places(body: Places): DirectiveDescription {
  const moved = [
    ...(body.broker === "" ? [] : [fact(say("fact.broker"), [body.broker])]),
    ...body.evaluators.map(({ name, address }) => fact(say("fact.evaluatorNamed", { name }), [address])),
    ...(body.nats === "" ? [] : [fact(say("fact.nats"), [body.nats])]),
  ];
  return {
    headline: say("directive.places"),
    effect: say("directive.places.effect"),
    facts: [...moved, reasonFact(body)],
  };
}

function tlsRoots(body: TlsRoots): DirectiveDescription {
  return {
    headline: say("directive.tlsRoots"),
    effect: say("directive.tlsRoots.effect"),
    facts: [fact(say("fact.tlsRoots"), ...body.roots.map((root) => [rootMark(root)])), reasonFact(body)],
  };
}

function removal(body: Remove, names: Names): DirectiveDescription {
  return {
    headline: say("directive.remove", { member: names.member(body.member) }),
    effect: say("directive.remove.effect", { forCause: body.forCause ? "yes" : "no" }),
    facts: [
      memberFact(body.member, names),
      reasonFact(body),
      fact(say("fact.forCause"), [say(body.forCause ? "fact.forCauseYes" : "fact.no")]),
    ],
  };
}

function newKey(body: RotateKey, names: Names): DirectiveDescription {
  const { party, signingKey } = body;
  return {
    headline: keyHeadline(party, names),
    effect: say("directive.rotateKey.effect"),
    facts: [
      fact(say("fact.whose"), party.kind === "member" ? memberLine(party.member, names) : [keyHolder(party, names)]),
      fact(say("fact.newSigningKey"), [keyMark(signingKey)]),
      ...(party.kind === "member"
        ? [fact(say("fact.newSealingKey"), [sealingKeyMark(party.sealingKey)]), saltsFact(party.salts)]
        : []),
      reasonFact(body),
    ],
  };
}

function keyHeadline(party: RotateKey["party"], names: Names): string {
  switch (party.kind) {
    case "member":
      return say("directive.rotateKey.member", { member: names.member(party.member) });
    case "evaluator":
      return say("directive.rotateKey.evaluator", party);
    case "broker":
    case "freshness":
      return say(`directive.rotateKey.${party.kind}`);
  }
}

function keyHolder(party: RotateKey["party"], names: Names): string {
  switch (party.kind) {
    case "member":
      return names.member(party.member);
    case "evaluator":
      return say("fact.whose.evaluator", party);
    case "broker":
    case "freshness":
      return say(`fact.whose.${party.kind}`);
  }
}

function suspension(body: Suspend, names: Names): DirectiveDescription {
  return {
    headline: say("directive.suspend", { member: names.member(body.member) }),
    effect: say("directive.suspend.effect"),
    facts: [memberFact(body.member, names), reasonFact(body)],
  };
}

function reinstatement(body: Reinstate, names: Names): DirectiveDescription {
  return {
    headline: say("directive.reinstate", { member: names.member(body.member) }),
    effect: say("directive.reinstate.effect"),
    facts: [memberFact(body.member, names), reasonFact(body), saltsFact(body.salts)],
  };
}

function boardChange(body: BoardChange, before: readonly Administrator[] | undefined): DirectiveDescription {
  const facts = [
    fact(say("fact.newBoard"), ...body.board.map(seatLine)),
    ...(before === undefined
      ? []
      : [
          fact(say("fact.joins"), ...orNobody(seatsWithout(body.board, before))),
          fact(say("fact.leaves"), ...orNobody(seatsWithout(before, body.board))),
        ]),
    quorumFact(body),
    fact(say("fact.sharedAnew"), [
      body.shares.length === 0 ? say("fact.none") : say("fact.sharedAnewOf", { salts: saltsText(body.shares) }),
    ]),
    reasonFact(body),
  ];
  return { headline: say("directive.boardChange"), effect: say("directive.boardChange.effect"), facts };
}

/** Seats are told apart by their keys: a name may be given again. */
function seatsWithout(board: readonly Administrator[], other: readonly Administrator[]): Administrator[] {
  const keys = new Set(other.map(({ signingKey }) => toHex(signingKey)));
  return board.filter(({ signingKey }) => !keys.has(toHex(signingKey)));
}

function orNobody(seats: readonly Administrator[]): Line[] {
  return seats.length === 0 ? [[say("fact.nobody")]] : seats.map(seatLine);
}

function opening(body: EpochOpen, names: Names): DirectiveDescription {
  const isNew = body.evaluators.length > 0;
  const contributors = new Map<string, string[]>();
  for (const { domain, contributions } of body.salts)
    for (const { administratorKeyId } of contributions)
      contributors.set(toHex(administratorKeyId), [...(contributors.get(toHex(administratorKeyId)) ?? []), domain]);
  const facts = [
    fact(say("fact.epoch"), [count(body.epoch)]),
    fact(say("fact.opens"), [instant(body.opensAtMs)]),
    fact(say("fact.retires"), [instant(body.retiresAtMs)]),
    fact(say("fact.scheme"), [body.scheme]),
    fact(say("fact.generation"), [say(isNew ? "fact.generationNew" : "fact.generationInUse", body)]),
    ...(isNew ? [fact(say("fact.newEvaluators"), ...body.evaluators.map(evaluatorLine))] : []),
    fact(say("fact.salts"), ...body.salts.map(saltLine)),
    ...body.salts.map(({ domain, boxes }) =>
      fact(
        say("fact.saltBoxes", { domain }),
        ...memberLines(
          boxes.map(({ member }) => member),
          names,
          "fact.nobody",
        ),
      ),
    ),
    fact(
      say("fact.contributors"),
      ...[...contributors].map(([contributor, domains]) =>
        line("fact.contributor", {
          name: name(names.administrator(contributor)),
          key: { kind: "id", hex: contributor },
          domains: listed(domains),
        }),
      ),
    ),
    fact(
      say("fact.memberKeys"),
      ...memberLines(
        body.memberKeys.map(({ member }) => member),
        names,
        "fact.nobody",
      ),
    ),
    fact(say("fact.brokerSealingKey"), [sealingKeyMark(body.brokerSealingKey)]),
  ];
  return { headline: say("directive.epochOpen", body), effect: say("directive.epochOpen.effect"), facts };
}

function saltLine({ domain, commitment, boxes, shares }: EpochOpen["salts"][number]): Line {
  return line("fact.salt", {
    domain: say(`domain.${domain}`),
    boxes: boxes.length,
    shares: shares.length,
    commitment: bytes(commitment),
  });
}

function activation(body: EpochActivate, names: Names): DirectiveDescription {
  const forced = body.laggards.length > 0;
  return {
    headline: say("directive.epochActivate", body),
    effect: say(forced ? "directive.epochActivate.forced" : "directive.epochActivate.effect"),
    facts: [fact(say("fact.epoch"), [count(body.epoch)]), laggardsFact(body.laggards, names)],
  };
}

function abort(body: EpochAbort): DirectiveDescription {
  return {
    headline: say("directive.epochAbort", body),
    effect: say("directive.epochAbort.effect"),
    facts: [
      fact(say("fact.epoch"), [count(body.epoch)]),
      fact(say("fact.openingDirective"), [bytes(body.openingHash)]),
      reasonFact(body),
    ],
  };
}

function retirement(body: EpochRetire, names: Names): DirectiveDescription {
  const leaked = body.cause === "leaked";
  const rotated = body.laggards.length > 0 ? "directive.epochRetire.forced" : "directive.epochRetire.effect";
  return {
    headline: say(leaked ? "directive.epochRetire.leaked" : "directive.epochRetire", body),
    effect: say(leaked ? "directive.epochRetire.leakedEffect" : rotated),
    facts: [
      fact(say("fact.epoch"), [count(body.epoch)]),
      fact(say("fact.cause"), [say(leaked ? "fact.causeLeaked" : "fact.causeRotated")]),
      laggardsFact(body.laggards, names),
      reasonFact(body),
    ],
  };
}

function policy(body: Policy, names: Names): DirectiveDescription {
  const allowances = body.allowances.map(({ member, perDay }) =>
    line("fact.allowance", { member: memberMark(member, names), perDay }),
  );
  const facts = [
    fact(say("fact.beat"), [say("fact.beatEvery", { count: body.canaryBeatMinutes })]),
    fact(say("fact.within"), [say("fact.withinMinutes", { count: body.canaryWithinMinutes })]),
    fact(say("fact.budgetAlarm"), [say("fact.budgetAlarmAt", { percent: body.budgetAlarmPercent })]),
    fact(say("fact.overdueStatements"), [say("fact.overdueStatementsMax", { count: body.overdueStatementsMax })]),
    fact(say("fact.allowances"), ...(allowances.length === 0 ? [[say("fact.none")]] : allowances)),
    reasonFact(body),
  ];
  return { headline: say("directive.policy"), effect: say("directive.policy.effect"), facts };
}

function neverCorrelate(body: NeverCorrelate): DirectiveDescription {
  return {
    headline: say("directive.neverCorrelate", { count: body.tokens.length, epoch: body.epoch }),
    effect: say("directive.neverCorrelate.effect"),
    facts: [
      fact(say("fact.epoch"), [count(body.epoch)]),
      fact(say("fact.domain"), [say(`domain.${body.domain}`)]),
      fact(say("fact.tokens"), ...body.tokens.map((token) => [bytes(token)])),
      reasonFact(body),
    ],
  };
}

function fact(label: string, ...lines: readonly Line[]): Fact {
  return { label, lines };
}

function memberFact(member: MemberId, names: Names): Fact {
  return fact(say("fact.member"), memberLine(member, names));
}

function memberMark(member: MemberId, names: Names): Mark {
  return { kind: "member", member, text: names.member(member) };
}

/** With the slug, which commands take. */
function memberLine(member: MemberId, names: Names): Line {
  const slug = names.membership(member)?.admit.slug;
  const mark = memberMark(member, names);
  return slug === undefined ? [mark] : line("fact.memberNamed", { member: mark, slug });
}

function laggardsFact(laggards: readonly MemberId[], names: Names): Fact {
  return fact(say("fact.laggards"), ...memberLines(laggards, names, "fact.laggardsNone"));
}

function memberLines(
  members: readonly MemberId[],
  names: Names,
  none: "fact.nobody" | "fact.laggardsNone",
): readonly Line[] {
  return members.length === 0 ? [[say(none)]] : members.map((member) => memberLine(member, names));
}

function reasonFact({ reason }: { readonly reason: string }): Fact {
  return fact(say("fact.reason"), [name(reason)]);
}

function saltsFact(salts: readonly EpochSalt[]): Fact {
  const text = salts.length === 0 ? say("fact.saltsNone") : say("fact.saltsSealed", { salts: saltsText(salts) });
  return fact(say("fact.currentSalts"), [text]);
}

function saltsText(salts: readonly Pick<EpochSalt, "epoch" | "domain">[]): string {
  return listed(salts.map((salt) => say("fact.saltOf", salt)));
}

function quorumFact({ board, quorum }: Pick<Found, "board" | "quorum">): Fact {
  return fact(say("fact.quorum"), [say("fact.quorumOf", { quorum, seats: board.length })]);
}

function seatLine(seat: Administrator): Line {
  return line("fact.seat", {
    name: name(seat.name),
    key: keyMark(seat.signingKey),
    sealingKey: sealingKeyMark(seat.sealingKey),
  });
}

function evaluatorLine({ name: called, address, signingKey, sharePublicKey }: Evaluator): Line {
  return line("fact.evaluatorAt", {
    name: name(called),
    address,
    key: keyMark(signingKey),
    share: bytes(sharePublicKey),
  });
}

/** A sealing key is too long to be read: it is compared by its hash, as in what is sealed to it. */
function sealingKeyMark(sealingKey: Uint8Array): Mark {
  return bytes(recipientKeyOf(sealingKey));
}

/** Keys are told apart by their id, as in signatures. */
function keyMark(publicKey: Uint8Array): Mark {
  return id(keyId(publicKey));
}

/** As the registrar's machine prints it. `root`: DER. */
function rootMark(root: Uint8Array): Mark {
  return id(idOf(root));
}
