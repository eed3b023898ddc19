/**
 * What each directive changes (protocol sections 4 and 5), and which ones the board may not make even with all its signatures:
 * a key given to two parties, an epoch number used again, a member without its salts. Who signed is for `chain.ts`.
 */
import { isSealingKey, recipientKeyOf } from "../crypto/seal.ts";
import { isElement } from "../crypto/ristretto.ts";
import { keyId, verifyPayload } from "../crypto/sign.ts";
import { equalBytes, toHex } from "./bytes.ts";
import type { Domain } from "./domain.ts";
import type {
  Administrator,
  Admission,
  Admit,
  BoardChange,
  Directive,
  DirectiveBody,
  DomainSalt,
  Epoch,
  EpochAbort,
  EpochActivate,
  EpochOpen,
  EpochRetire,
  EpochSalt,
  EpochSalts,
  EpochState,
  Evaluator,
  Federation,
  Found,
  MemberChange,
  MemberKey,
  NeverCorrelate,
  Places,
  Policy,
  Reinstate,
  Remove,
  RotateKey,
  SealedBox,
  Suspend,
  TlsRoots,
} from "./directive.ts";
import { CausewayError } from "./errors.ts";
import type { MemberId } from "./ids.ts";

/** With a quorum of one a single administrator could choose salts and admit members. */
const QUORUM_MIN = 2;

/** Until the board decides otherwise. */
const FIRST_POLICY = {
  canaryBeatMinutes: 360,
  canaryWithinMinutes: 15,
  budgetAlarmPercent: 80,
  overdueStatementsMax: 8,
} as const;

const OPEN_STATES: readonly EpochState[] = ["staging", "active", "closing"];

/** Whether records are published and matched in this epoch. */
export function isOpen(epoch: Pick<Epoch, "state">): boolean {
  return OPEN_STATES.includes(epoch.state);
}

/** Epochs in which records are published and matched, lowest number first. At most two: an old one and a new one. */
export function openEpochs(federation: Pick<Federation, "epochs">): Epoch[] {
  return [...federation.epochs.values()].filter(isOpen).sort((a, b) => a.epoch - b.epoch);
}

/** The epoch that counts; undefined before the first activation and after one was closed for a leak. */
export function activeEpoch(federation: Pick<Federation, "epochs">): Epoch | undefined {
  return [...federation.epochs.values()].find(({ state }) => state === "active");
}

/** The federation as a `found` directive makes it. `directive.body` must be one. Throws INVALID, with paths. */
export function foundationOf(directive: Directive, head: Federation["head"]): Federation {
  if (directive.body.type !== "found") throw new CausewayError("INTERNAL", "not a founding");
  const { type: _, ...found } = directive.body;
  assertFound(found);
  return {
    id: directive.federation,
    found,
    members: new Map(),
    suspended: new Map(),
    removed: new Map(),
    epochs: new Map(),
    generations: new Map([[found.generation, found.evaluators]]),
    policy: FIRST_POLICY,
    natsAddress: undefined,
    rotationDue: undefined,
    usedKeys: new Set([...foundingKeys(found), ...sharesOf(found.evaluators)].map(toHex)),
    signingKeys: new Map(),
    head,
  };
}

/** `hash`: of the directive. `state.head` is left as it is. Throws OUT_OF_SEQUENCE for a second founding, INVALID with paths. */
export function applyBody(state: Federation, body: DirectiveBody, hash: Uint8Array): Federation {
  switch (body.type) {
    case "found":
      throw new CausewayError("OUT_OF_SEQUENCE", "a federation is founded once");
    case "admit":
      return admitMember(state, body);
    case "memberChange":
      return changeMember(state, body);
    case "suspend":
      return suspendMember(state, body);
    case "reinstate":
      return reinstateMember(state, body);
    case "remove":
      return removeMember(state, body);
    case "rotateKey":
      return rotateKey(state, body);
    case "boardChange":
      return changeBoard(state, body);
    case "places":
      return changePlaces(state, body);
    case "tlsRoots":
      return changeRoots(state, body);
    case "epochOpen":
      return openEpoch(state, body, hash);
    case "epochActivate":
      return activateEpoch(state, body);
    case "epochAbort":
      return abortEpoch(state, body);
    case "epochRetire":
      return retireEpoch(state, body);
    case "policy":
      return changePolicy(state, body);
    case "neverCorrelate":
      return neverCorrelate(state, body);
  }
}

function foundingKeys({ board, broker, evaluators, freshnessKey }: Found): Uint8Array[] {
  // The one evaluator that the broker may host signs with the broker's key; all other keys belong to one party and one use.
  const evaluatorKeys = evaluators.map((each) => each.signingKey).filter((key) => !equalBytes(key, broker.signingKey));
  return [...board.flatMap(keysOf), ...evaluatorKeys, broker.signingKey, freshnessKey];
}

function assertFound(found: Found): void {
  const fields = [...boardFaults(found), ...evaluatorFaults(found.evaluators)];
  if (hasRepeats(foundingKeys(found).map(toHex))) fields.push("signingKey");
  assertNone("found", fields);
}

function boardFaults({ board, quorum }: Pick<Found, "board" | "quorum">): string[] {
  const fields: string[] = [];
  if (quorum < QUORUM_MIN || 2 * quorum <= board.length || quorum > board.length) fields.push("quorum");
  if (hasRepeats(board.map((each) => each.name))) fields.push("board");
  board.forEach((each, i) => {
    if (!isSealingKey(each.sealingKey)) fields.push(`board[${i}].sealingKey`);
  });
  return fields;
}

function evaluatorFaults(evaluators: readonly Evaluator[]): string[] {
  const fields: string[] = [];
  // Two evaluators with one key are one operator, who would hold both shares.
  const alike = [
    evaluators.map((each) => each.name),
    evaluators.map((each) => toHex(each.signingKey)),
    evaluators.map((each) => toHex(each.sharePublicKey)),
  ];
  if (alike.some(hasRepeats)) fields.push("evaluators");
  evaluators.forEach((each, i) => {
    if (!isElement(each.sharePublicKey)) fields.push(`evaluators[${i}].sharePublicKey`);
  });
  return fields;
}

function sharesOf(evaluators: readonly Evaluator[]): Uint8Array[] {
  return evaluators.map((each) => each.sharePublicKey);
}

function admitMember(state: Federation, body: { readonly type: "admit" } & Admission): Federation {
  const { type: _, salts, ...admit } = body;
  const fields: string[] = [];
  const others = [...state.members.values(), ...state.suspended.values()];
  if (others.some(({ member }) => member === admit.member) || state.removed.has(admit.member)) fields.push("member");
  if (others.some(({ slug }) => slug === admit.slug)) fields.push("slug");
  fields.push(
    ...domainFaults(state, admit.domains),
    ...newKeyFaults(state, admit),
    ...saltsFaults(state, admit.domains, salts),
  );
  assertNone("admit", fields);
  const admitted = { ...state, members: new Map(state.members).set(admit.member, admit) };
  return withBoxes(withSigningKey(withKeys(admitted, keysOf(admit)), admit), admit, salts);
}

/** In an epoch without a salt of the domain the member could publish nothing of it: a new epoch has to come first. */
function domainFaults(state: Federation, domains: readonly Domain[]): string[] {
  const unsalted = ({ salts }: Epoch): boolean => domains.some((each) => !salts.some(({ domain }) => domain === each));
  return domains.length === 0 || hasRepeats(domains) || openEpochs(state).some(unsalted) ? ["domains"] : [];
}

function changeMember(state: Federation, body: { readonly type: "memberChange" } & MemberChange): Federation {
  const { type: _type, salts, reason: _reason, ...terms } = body;
  const { member, domains } = terms;
  const suspended = state.suspended.get(member);
  const before = state.members.get(member) ?? suspended;
  if (before === undefined) throw invalid("there is no such member to change", ["member"]);
  const gained = domains.filter((each) => !before.domains.includes(each));
  const lost = before.domains.filter((each) => !domains.includes(each));
  // Salts are for members in good standing: a suspended one gets them when it is reinstated.
  const needed = suspended === undefined ? gained : [];
  assertNone("member-change", [...domainFaults(state, domains), ...saltsFaults(state, needed, salts)]);
  const changed: Admit = { ...before, ...terms };
  const standing =
    suspended === undefined
      ? { members: new Map(state.members).set(member, changed) }
      : { suspended: new Map(state.suspended).set(member, changed) };
  const renewed = withBoxes(withoutBoxes({ ...state, ...standing }, member, lost), changed, salts);
  return lost.length === 0 ? renewed : withRotationDue(renewed, false);
}

function suspendMember(state: Federation, { member }: Suspend): Federation {
  const admit = state.members.get(member);
  if (admit === undefined) throw invalid("only a member in good standing can be suspended", ["member"]);
  return { ...state, members: without(state.members, member), suspended: new Map(state.suspended).set(member, admit) };
}

function reinstateMember(state: Federation, { member, salts }: Reinstate): Federation {
  const admit = state.suspended.get(member);
  if (admit === undefined) throw invalid("only a suspended member can be reinstated", ["member"]);
  assertNone("reinstate", saltsFaults(state, admit.domains, salts));
  const suspended = without(state.suspended, member);
  return withBoxes({ ...state, suspended, members: new Map(state.members).set(member, admit) }, admit, salts);
}

function removeMember(state: Federation, { member, reason, forCause }: Remove): Federation {
  const admit = state.members.get(member) ?? state.suspended.get(member);
  if (admit === undefined) throw invalid("there is no such member to remove", ["member"]);
  const left = {
    ...state,
    members: without(state.members, member),
    suspended: without(state.suspended, member),
    removed: new Map(state.removed).set(member, { admit, reason, forCause }),
  };
  return withRotationDue(left, forCause);
}

/** Somebody knows salts whom they are not for any more. */
function withRotationDue(state: Federation, forCause: boolean): Federation {
  const newGeneration = forCause || state.rotationDue?.newGeneration === true;
  return { ...state, rotationDue: { afterEpoch: Math.max(0, ...state.epochs.keys()), newGeneration } };
}

function rotateKey(state: Federation, { party, signingKey }: RotateKey): Federation {
  if (isUsed(state, signingKey)) throw invalid("rotate-key gives a key twice", ["signingKey"]);
  const keyed = withKeys(state, [signingKey]);
  const { found } = state;
  switch (party.kind) {
    case "member":
      return rotateMemberKeys(keyed, party, signingKey, state);
    case "freshness":
      return { ...keyed, found: { ...found, freshnessKey: signingKey } };
    case "broker": {
      const broker = { ...found.broker, signingKey };
      return withEvaluators({ ...keyed, found: { ...found, broker } }, (each) =>
        isHosted(state, each) ? { ...each, signingKey } : each,
      );
    }
    case "evaluator": {
      const known = evaluatorNamed(state, party.name);
      if (known === undefined || isHosted(state, known))
        throw invalid("there is no such evaluator with a key of its own", ["evaluator"]);
      return withEvaluators(keyed, (each) => (each.name === party.name ? { ...each, signingKey } : each));
    }
  }
}

function evaluatorNamed({ generations }: Federation, name: string): Evaluator | undefined {
  return [...generations.values()].flat().find((each) => each.name === name);
}

function rotateMemberKeys(
  keyed: Federation,
  { member, sealingKey, salts }: Extract<RotateKey["party"], { readonly kind: "member" }>,
  signingKey: Uint8Array,
  before: Federation,
): Federation {
  const suspended = before.suspended.get(member);
  const admit = before.members.get(member) ?? suspended;
  if (admit === undefined) throw invalid("there is no such member to give new keys", ["member"]);
  const renewed: Admit = { ...admit, signingKey, sealingKey };
  const state = withSigningKey(withKeys(keyed, [recipientKeyOf(sealingKey)]), renewed);
  if (suspended !== undefined) {
    // As after a theft. Salts are for members in good standing: these keys get them when the member is reinstated.
    assertNone("rotate-key", [...newKeyFaults(before, renewed), ...(salts.length > 0 ? ["salts"] : [])]);
    return { ...state, suspended: new Map(state.suspended).set(member, renewed) };
  }
  assertNone("rotate-key", [...newKeyFaults(before, renewed), ...saltsFaults(before, renewed.domains, salts)]);
  return withBoxes({ ...state, members: new Map(state.members).set(member, renewed) }, renewed, salts);
}

function changeBoard(state: Federation, { board, quorum, shares }: BoardChange): Federation {
  const fields = boardFaults({ board, quorum });
  const newcomers = board.filter((each) => !state.found.board.some((old) => sameSeat(old, each)));
  const keys = newcomers.flatMap(keysOf);
  if (hasRepeats(keys.map(toHex)) || keys.some((key) => isUsed(state, key))) fields.push("board");
  if (hasRepeats(board.map((each) => toHex(each.signingKey)))) fields.push("board");
  const holders = board.map((each) => toHex(keyId(each.signingKey)));
  shares.forEach((each, i) => {
    if (
      !sameSet(
        each.shares.map((share) => toHex(share.administratorKeyId)),
        holders,
      )
    )
      fields.push(`shares[${i}]`);
  });
  if (!sameSet(shares.map(saltPlace), openSaltPlaces(state))) fields.push("shares");
  assertNone("board-change", fields);
  const epochs = new Map(state.epochs);
  for (const { epoch, domain, shares: renewed } of shares) {
    const known = epochs.get(epoch) as Epoch;
    const salts = known.salts.map((salt) => (salt.domain === domain ? { ...salt, shares: renewed } : salt));
    epochs.set(epoch, { ...known, salts });
  }
  const found = { ...state.found, board, quorum };
  return withKeys({ ...state, found, epochs }, keys);
}

function changePlaces(state: Federation, { broker, evaluators, nats }: Places): Federation {
  const fields: string[] = [];
  if (broker === "" && evaluators.length === 0 && nats === "") fields.push("broker", "evaluators", "nats");
  if (hasRepeats(evaluators.map(({ name }) => name))) fields.push("evaluators");
  evaluators.forEach(({ name }, i) => {
    const known = evaluatorNamed(state, name);
    if (known === undefined || isHosted(state, known)) fields.push(`evaluators[${i}].name`);
  });
  assertNone("places", fields);
  const found = broker === "" ? state.found : { ...state.found, broker: { ...state.found.broker, address: broker } };
  const moved = new Map(evaluators.map(({ name, address }) => [name, address]));
  return withEvaluators({ ...state, found, natsAddress: nats === "" ? state.natsAddress : nats }, (each) => {
    const address = isHosted(state, each) ? found.broker.address : moved.get(each.name);
    return address === undefined ? each : { ...each, address };
  });
}

/** Whether the broker is this evaluator: it has the broker's key. */
function isHosted({ found }: Federation, { signingKey }: Evaluator): boolean {
  return equalBytes(signingKey, found.broker.signingKey);
}

function changeRoots(state: Federation, { roots }: TlsRoots): Federation {
  const before = new Set(state.found.tlsRoots.map(toHex));
  const after = roots.map(toHex);
  if (hasRepeats(after) || !after.some((each) => before.has(each))) {
    throw invalid("a root of those before must stay, so that nobody is cut off", ["roots"]);
  }
  return { ...state, found: { ...state.found, tlsRoots: roots } };
}

function openEpoch(state: Federation, body: { readonly type: "epochOpen" } & EpochOpen, hash: Uint8Array): Federation {
  const { type: _, ...open } = body;
  const fields: string[] = [];
  // Higher than all before, so that no number, aborted ones included, is ever used again.
  if ([...state.epochs.keys()].some((epoch) => epoch >= open.epoch)) fields.push("epoch");
  // One rotation at a time: two open epochs are what nodes and broker have room for.
  if (openEpochs(state).some(({ state: is }) => is !== "active")) fields.push("epoch");
  if (open.retiresAtMs <= open.opensAtMs) fields.push("retiresAtMs");
  if (!isFreshSealingKey(state, open.brokerSealingKey)) fields.push("brokerSealingKey");
  fields.push(...generationFaults(state, open), ...memberKeyFaults(state, open));
  const keys = keysOfOpening(state, open);
  if (hasRepeats(keys.map(toHex))) fields.push("brokerSealingKey");
  const salted = open.salts.map((salt) => salt.domain);
  // Suspended members have no box, and a salt of their domains for the day they are reinstated.
  const needed = [...state.members.values(), ...state.suspended.values()].flatMap((member) => member.domains);
  if (hasRepeats(salted) || needed.some((domain) => !salted.includes(domain))) fields.push("salts");
  open.salts.forEach((salt, i) => fields.push(...saltFaults(state, salt).map((place) => `salts[${i}].${place}`)));
  assertNone("epoch-open", fields);
  const members = new Map(state.members);
  for (const { member, sealingKey } of open.memberKeys) {
    members.set(member, { ...(members.get(member) as Admit), sealingKey });
  }
  const boxed = open.salts.map(({ boxes, ...salt }) => ({
    ...salt,
    boxes: new Map(boxes.map(({ member, sealed }) => [member, boxTo(members.get(member) as Admit, sealed)])),
  }));
  const epoch: Epoch = { ...open, salts: boxed, state: "staging", openingHash: hash, neverCorrelate: new Map() };
  const generations = new Map(state.generations);
  if (open.evaluators.length > 0) generations.set(open.generation, open.evaluators);
  return withKeys({ ...state, members, epochs: new Map(state.epochs).set(open.epoch, epoch), generations }, keys);
}

/** Every key that an opening gives for the first time; known evaluators keep their signing keys. */
function keysOfOpening(state: Federation, { brokerSealingKey, memberKeys, evaluators }: EpochOpen): Uint8Array[] {
  const newcomers = evaluators.filter(({ name }) => evaluatorNamed(state, name) === undefined);
  return [
    recipientKeyOf(brokerSealingKey),
    ...memberKeys.map(({ sealingKey }) => recipientKeyOf(sealingKey)),
    ...newcomers.map(({ signingKey }) => signingKey),
    ...sharesOf(evaluators),
  ];
}

function generationFaults(state: Federation, { generation, evaluators }: EpochOpen): string[] {
  const { found, rotationDue } = state;
  const fields: string[] = [];
  if (evaluators.length === 0) {
    if (generation !== found.generation) fields.push("generation");
    if (rotationDue?.newGeneration === true) fields.push("generation");
    return fields;
  }
  const newest = Math.max(found.generation, ...[...state.epochs.values()].map((epoch) => epoch.generation));
  if (generation !== newest + 1) fields.push("generation");
  fields.push(...evaluatorFaults(evaluators));
  evaluators.forEach((each, i) => {
    if (isUsed(state, each.sharePublicKey)) fields.push(`evaluators[${i}].sharePublicKey`);
    const known = evaluatorNamed(state, each.name);
    // Who evaluates is for the board; its key is changed by rotate-key alone, and nobody comes with a key of somebody else.
    const own = known === undefined ? !isUsed(state, each.signingKey) : equalBytes(known.signingKey, each.signingKey);
    if (!own) fields.push(`evaluators[${i}].signingKey`);
  });
  return fields;
}

function memberKeyFaults(state: Federation, { epoch, memberKeys }: EpochOpen): string[] {
  const fields: string[] = [];
  if (hasRepeats(memberKeys.map(({ member }) => member))) fields.push("memberKeys");
  if (hasRepeats(memberKeys.map(({ sealingKey }) => toHex(sealingKey)))) fields.push("memberKeys");
  memberKeys.forEach((offer, i) => {
    if (!isOfferUsable(state, epoch, offer)) fields.push(`memberKeys[${i}]`);
  });
  return fields;
}

/** Whether a sealing key is offered for this epoch by a member in good standing, signed by it, and was never given to anybody. */
export function isOfferUsable(state: Federation, epoch: number, offer: MemberKey): boolean {
  return offer.epoch === epoch && offerFault(state, offer) === undefined;
}

/** What is wrong with a member's offer of a sealing key, whatever its epoch: UNPROVEN, INVALID or CONFLICT. */
export function offerFault(state: Federation, offer: MemberKey): CausewayError | undefined {
  const { member, sealingKey, payload, signature } = offer;
  const publicKey = state.members.get(member)?.signingKey;
  const proven =
    publicKey !== undefined &&
    equalBytes(signature.keyId, keyId(publicKey)) &&
    verifyPayload({ type: "key-offer", federation: state.id, payload, publicKey, signature: signature.signature });
  if (!proven) return new CausewayError("UNPROVEN", "the offer is not signed by the member it names");
  if (!isSealingKey(sealingKey)) return invalid("the key seals nothing", ["sealingKey"]);
  if (!isUsed(state, recipientKeyOf(sealingKey))) return undefined;
  return new CausewayError("CONFLICT", "the key has been used before", { fields: ["sealingKey"] });
}

/** Every entitled member has one box and nobody else any; a quorum contributed; every administrator holds a share. */
function saltFaults(state: Federation, salt: DomainSalt): string[] {
  const board = state.found.board.map((each) => toHex(keyId(each.signingKey)));
  const contributors = salt.contributions.map((each) => toHex(each.administratorKeyId));
  const holders = salt.shares.map((each) => toHex(each.administratorKeyId));
  const entitled = [...state.members.values()].filter((member) => member.domains.includes(salt.domain));
  const boxed: MemberId[] = salt.boxes.map((box) => box.member);
  const faults: string[] = [];
  const strangers = contributors.some((id) => !board.includes(id));
  if (strangers || hasRepeats(contributors) || contributors.length < state.found.quorum) faults.push("contributions");
  if (!sameSet(holders, board)) faults.push("shares");
  const members = entitled.map((member) => member.member);
  if (!sameSet(boxed, members)) faults.push("boxes");
  return faults;
}

function activateEpoch(state: Federation, { epoch: number, laggards }: EpochActivate): Federation {
  const epoch = state.epochs.get(number);
  if (epoch?.state !== "staging") throw invalid("only an epoch in staging can be activated", ["epoch"]);
  assertLaggards(state, laggards);
  const epochs = new Map(state.epochs);
  const before = activeEpoch(state);
  if (before !== undefined) epochs.set(before.epoch, { ...before, state: "closing" });
  epochs.set(number, { ...epoch, state: "active" });
  const evaluators = state.generations.get(epoch.generation) as readonly Evaluator[];
  const { rotationDue } = state;
  return {
    ...state,
    epochs,
    found: { ...state.found, generation: epoch.generation, evaluators },
    rotationDue: rotationDue !== undefined && number > rotationDue.afterEpoch ? undefined : rotationDue,
  };
}

function abortEpoch(state: Federation, { epoch: number, openingHash }: EpochAbort): Federation {
  const epoch = state.epochs.get(number);
  if (epoch?.state !== "staging") throw invalid("only an epoch in staging can be aborted", ["epoch"]);
  if (!equalBytes(epoch.openingHash, openingHash)) throw invalid("the abort is of another opening", ["openingHash"]);
  return withoutEpoch(state, epoch, "aborted");
}

function retireEpoch(state: Federation, { epoch: number, cause, laggards }: EpochRetire): Federation {
  const epoch = state.epochs.get(number);
  // What leaks in staging is aborted: nothing was matched in it alone.
  const retirable = epoch?.state === "closing" || (epoch?.state === "active" && cause === "leaked");
  if (epoch === undefined || !retirable) {
    throw invalid("an epoch is retired once another is active, or for a leak", ["epoch"]);
  }
  assertLaggards(state, laggards);
  return withoutEpoch(state, epoch, "retired");
}

function withoutEpoch(state: Federation, epoch: Epoch, end: "aborted" | "retired"): Federation {
  const epochs = new Map(state.epochs).set(epoch.epoch, { ...epoch, state: end });
  const needed = new Set([state.found.generation, ...openEpochs({ epochs }).map(({ generation }) => generation)]);
  const generations = new Map([...state.generations].filter(([generation]) => needed.has(generation)));
  return { ...state, epochs, generations };
}

function assertLaggards(state: Federation, laggards: readonly MemberId[]): void {
  const known = laggards.every((member) => state.members.has(member) || state.suspended.has(member));
  if (!known || hasRepeats(laggards)) throw invalid("laggards are members", ["laggards"]);
}

function changePolicy(state: Federation, body: { readonly type: "policy" } & Policy): Federation {
  const { type: _type, allowances, reason: _reason, ...policy } = body;
  const fields: string[] = [];
  if (policy.canaryWithinMinutes >= policy.canaryBeatMinutes) fields.push("canaryWithinMinutes");
  if (hasRepeats(allowances.map(({ member }) => member))) fields.push("allowances");
  allowances.forEach(({ member }, i) => {
    if (!state.members.has(member)) fields.push(`allowances[${i}].member`);
  });
  assertNone("policy", fields);
  const members = new Map(state.members);
  for (const { member, perDay } of allowances) {
    const admit = members.get(member) as Admit;
    members.set(member, { ...admit, budget: { ...admit.budget, perDay } });
  }
  return { ...state, policy, members };
}

function neverCorrelate(state: Federation, { epoch: number, domain, tokens }: NeverCorrelate): Federation {
  const epoch = state.epochs.get(number);
  if (epoch === undefined || !isOpen(epoch)) throw invalid("there is no such open epoch", ["epoch"]);
  if (!epoch.salts.some((salt) => salt.domain === domain)) throw invalid("the epoch has no such domain", ["domain"]);
  const listed = new Set([...(epoch.neverCorrelate.get(domain) ?? []), ...tokens.map(toHex)]);
  const renewed = { ...epoch, neverCorrelate: new Map(epoch.neverCorrelate).set(domain, listed) };
  return { ...state, epochs: new Map(state.epochs).set(number, renewed) };
}

/** Keys of a party that comes, or comes with new ones: used by nobody before. */
function newKeyFaults(state: Federation, { signingKey, sealingKey }: Admit): string[] {
  const fields: string[] = [];
  if (isUsed(state, signingKey)) fields.push("signingKey");
  if (!isFreshSealingKey(state, sealingKey)) fields.push("sealingKey");
  return fields;
}

function isFreshSealingKey(state: Federation, sealingKey: Uint8Array): boolean {
  return isSealingKey(sealingKey) && !isUsed(state, recipientKeyOf(sealingKey));
}

/** As `Federation.usedKeys` remembers them. */
function keysOf({ signingKey, sealingKey }: Pick<Administrator, "signingKey" | "sealingKey">): Uint8Array[] {
  return [signingKey, recipientKeyOf(sealingKey)];
}

function isUsed({ usedKeys }: Federation, key: Uint8Array): boolean {
  return usedKeys.has(toHex(key));
}

function boxTo({ sealingKey }: Admit, sealed: Uint8Array): SealedBox {
  return { recipientKey: recipientKeyOf(sealingKey), sealed };
}

/** Exactly the salts of the open epochs in these domains. */
function saltsFaults(state: Federation, domains: readonly Domain[], salts: readonly EpochSalt[]): string[] {
  return sameSet(salts.map(saltPlace), openSaltPlaces(state, domains)) ? [] : ["salts"];
}

function openSaltPlaces(state: Federation, domains?: readonly Domain[]): string[] {
  return openEpochs(state).flatMap(({ epoch, salts }) =>
    salts.filter(({ domain }) => domains?.includes(domain) ?? true).map(({ domain }) => saltPlace({ epoch, domain })),
  );
}

function saltPlace({ epoch, domain }: { readonly epoch: number; readonly domain: Domain }): string {
  return `${epoch}/${domain}`;
}

function withBoxes(state: Federation, admit: Admit, salts: readonly EpochSalt[]): Federation {
  const epochs = new Map(state.epochs);
  for (const { epoch: number, domain, sealed } of salts) {
    const epoch = epochs.get(number) as Epoch;
    const box = boxTo(admit, sealed);
    const renewed = epoch.salts.map((salt) =>
      salt.domain === domain ? { ...salt, boxes: new Map(salt.boxes).set(admit.member, box) } : salt,
    );
    epochs.set(number, { ...epoch, salts: renewed });
  }
  return { ...state, epochs };
}

function withoutBoxes(state: Federation, member: MemberId, domains: readonly Domain[]): Federation {
  if (domains.length === 0) return state;
  const without = (salt: EpochSalts): EpochSalts =>
    domains.includes(salt.domain)
      ? { ...salt, boxes: new Map([...salt.boxes].filter(([holder]) => holder !== member)) }
      : salt;
  const epochs = [...state.epochs].map(
    ([number, epoch]) => [number, { ...epoch, salts: epoch.salts.map(without) }] as const,
  );
  return { ...state, epochs: new Map(epochs) };
}

function withKeys(state: Federation, keys: readonly Uint8Array[]): Federation {
  return { ...state, usedKeys: new Set([...state.usedKeys, ...keys.map(toHex)]) };
}

function withSigningKey(state: Federation, { member, signingKey }: Admit): Federation {
  const keys = [...(state.signingKeys.get(member) ?? []), signingKey];
  return { ...state, signingKeys: new Map(state.signingKeys).set(member, keys) };
}

function withEvaluators(state: Federation, change: (evaluator: Evaluator) => Evaluator): Federation {
  const generations = new Map([...state.generations].map(([generation, all]) => [generation, all.map(change)]));
  return { ...state, generations, found: { ...state.found, evaluators: state.found.evaluators.map(change) } };
}

function without(members: ReadonlyMap<MemberId, Admit>, member: MemberId): ReadonlyMap<MemberId, Admit> {
  const rest = new Map(members);
  rest.delete(member);
  return rest;
}

function sameSeat(a: Administrator, b: Administrator): boolean {
  return equalBytes(a.signingKey, b.signingKey) && equalBytes(a.sealingKey, b.sealingKey);
}

function hasRepeats(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}

/** Whether both lists hold the same values, each once. */
function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const others = new Set(b);
  return a.length === b.length && !hasRepeats(a) && a.every((value) => others.has(value));
}

function assertNone(what: string, fields: readonly string[]): void {
  if (fields.length > 0) throw invalid(`${what} breaks a rule`, [...new Set(fields)]);
}

function invalid(message: string, fields: readonly string[]): CausewayError {
  return new CausewayError("INVALID", message, { fields });
}
