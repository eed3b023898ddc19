/**
 * What an administrator's tool looks into before it signs somebody else's proposal, beside the rules of the chain: salts, offered keys,
 * readiness, and whose keys are being let in. Each check says in words what it found, and what nobody at this seat can check.
 */
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import { activeEpoch } from "../../shared/core/decisions.ts";
import type { Administrator, DirectiveBody, EpochOpen, MemberChange, TlsRoots } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { laggardsIn } from "../../shared/core/rotation.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { rootLife } from "../../shared/platform/tls.ts";
import { parseEnrolment } from "../../shared/party/enrolment.ts";
import type { Enrolled } from "../../shared/party/enrolment.ts";
import { rootId } from "../registrar/root-id.ts";
import { assertOpeningHolds } from "./ceremony.ts";
import { readContributions } from "./contributions.ts";
import { offersFor } from "./openings.ts";
import type { BoardOffice } from "./office.ts";
import { dateTime, listed } from "../../shared/words/figures.ts";
import { hindranceWords } from "../../shared/words/hindrance.ts";
import { Names } from "../../shared/words/names.ts";
import { verifiedReports } from "./reports.ts";
import type { Seat } from "./seat.ts";
import { say } from "../../shared/words/say.ts";

export type CheckOptions = {
  /** Who has signed so far, by signatures that were verified here: the broker hands them out. */
  readonly signers?: readonly Administrator[] | undefined;
  /** Sign an opening although nobody has checked its salts for us. */
  readonly unchecked?: boolean | undefined;
  /** Sign a cut-over although members that it does not name are behind. */
  readonly force?: boolean | undefined;
};

/** Throws UNPROVEN or CONFLICT for what must not be signed; `Waiting` where others must act first. */
export async function checkProposal(
  seat: Seat,
  body: DirectiveBody,
  options: CheckOptions,
): Promise<readonly string[]> {
  switch (body.type) {
    case "epochOpen":
      return await checkOpening(seat, body, options);
    case "epochActivate":
      return await checkLaggards(seat, body.epoch, body.laggards, options);
    case "epochRetire": {
      const after = activeEpoch(seat.federation);
      if (body.cause === "leaked" || after === undefined)
        return [say("check.losses", { command: "causeway admin epoch status DIR" })];
      return await checkLaggards(seat, after.epoch, body.laggards, options);
    }
    case "memberChange":
      return [...changeNotes(seat, body), ...sealedNote(body.salts.length)];
    case "places":
      return [say("check.places", { command: "causeway admin health DIR" })];
    case "tlsRoots":
      return rootNotes(seat, body);
    case "admit":
      return [await enrolmentNote(seat, body), ...sealedNote(body.salts.length)];
    case "rotateKey":
      if (body.party.kind !== "member") return [say("check.keyId")];
      return [
        await enrolmentNote(seat, { signingKey: body.signingKey, sealingKey: body.party.sealingKey }),
        ...sealedNote(body.party.salts.length),
      ];
    case "reinstate":
      return sealedNote(body.salts.length);
    case "boardChange": {
      const joins = body.board.filter((each) => !seat.federation.found.board.some((old) => isSameSeat(old, each)));
      const notes = await Promise.all(joins.map((each) => enrolmentNote(seat, each)));
      return [...notes, ...(body.shares.length === 0 ? [] : [say("check.newShares")])];
    }
    default:
      return [];
  }
}

function isSameSeat(a: Administrator, b: Administrator): boolean {
  return equalBytes(a.signingKey, b.signingKey) && equalBytes(a.sealingKey, b.sealingKey);
}

/** What differs from the terms as they are, by their names; what the facts of the proposal do not say by themselves. */
function changeNotes({ federation }: Seat, body: MemberChange): readonly string[] {
  const before = federation.members.get(body.member) ?? federation.suspended.get(body.member);
  if (before === undefined) return [];
  const changed = CHANGEABLE.filter(({ field }) => JSON.stringify(before[field]) !== JSON.stringify(body[field]));
  const lost = before.domains.filter((domain) => !body.domains.includes(domain));
  const what = listed(changed.map(({ label }) => say(label)));
  return [
    changed.length === 0 ? say("check.changesNothing") : say("check.changes", { what }),
    ...(lost.length === 0 ? [] : [say("check.losesDomains", { domains: listed(lost) })]),
  ];
}

const CHANGEABLE = [
  { field: "name", label: "fact.name" },
  { field: "contact", label: "fact.contact" },
  { field: "domains", label: "fact.domains" },
  { field: "legalBasis", label: "fact.legalBasis" },
  { field: "purposes", label: "fact.purposes" },
  { field: "retentionDaysMax", label: "fact.retention" },
] as const;

function rootNotes({ federation }: Seat, { roots }: TlsRoots): readonly string[] {
  const before = federation.found.tlsRoots;
  const isIn = (list: readonly Uint8Array[], root: Uint8Array): boolean => list.some((each) => equalBytes(each, root));
  return [
    ...roots.filter((root) => !isIn(before, root)).map(newRootNote),
    ...before.filter((root) => !isIn(roots, root)).map((root) => say("check.rootLeaves", { id: rootId(root) })),
  ];
}

function newRootNote(root: Uint8Array): string {
  return say("check.newRoot", { id: rootId(root), until: dateTime(rootLife(root).untilMs) });
}

/** Enrolments that lie at the broker, proven; what cannot be read is left out. */
export async function enrolmentsAt(office: BoardOffice): Promise<(Enrolled & { readonly note: string })[]> {
  const { enrolments } = await office.arrivals();
  return enrolments.flatMap(({ text, note }) => {
    try {
      return [{ ...parseEnrolment(text), note }];
    } catch (error) {
      if (isCausewayError(error)) return [];
      throw error;
    }
  });
}

async function checkOpening(seat: Seat, body: EpochOpen, options: CheckOptions): Promise<readonly string[]> {
  const generation = body.evaluators.length === 0 ? 0 : body.generation;
  const offers = await offersFor(seat, body.epoch, generation);
  const fields: string[] = [];
  if (!equalBytes(offers.brokerSealingKey, body.brokerSealingKey)) fields.push("brokerSealingKey");
  body.evaluators.forEach(({ name, sharePublicKey }, i) => {
    const offered = offers.shares.get(name);
    if (offered === undefined || !equalBytes(offered, sharePublicKey)) fields.push(`evaluators[${i}].sharePublicKey`);
  });
  if (fields.length > 0) {
    throw new CausewayError("UNPROVEN", "the opening names other keys than broker and evaluators offer", { fields });
  }
  const left = offers.memberKeys.filter(({ member }) => !body.memberKeys.some((each) => each.member === member));
  const names = new Names({ federation: seat.federation });
  const omitted = left.map(({ member }) => say("check.leftOut", { member: names.slugged(member) }));
  return [say("check.brokerKey"), ...omitted, ...(await checkSalts(seat, body, options))];
}

async function checkSalts(seat: Seat, body: EpochOpen, options: CheckOptions): Promise<readonly string[]> {
  const contributors = body.salts[0]?.contributions.map(({ administratorKeyId }) => toHex(administratorKeyId)) ?? [];
  const claimed = body.salts.some(({ contributions }) =>
    contributions.some(({ administratorKeyId }) => equalBytes(administratorKeyId, seat.keyId)),
  );
  if (claimed || readContributions(seat.dir, body.epoch) !== undefined) {
    await assertOpeningHolds(seat, body);
    return [say("check.salts"), say("check.othersBoxes")];
  }
  // One of them may be the proposer, who could have chosen the salts: a second one has looked.
  const signed = (options.signers ?? []).filter(({ signingKey }) => contributors.includes(toHex(keyId(signingKey))));
  const checked = signed.length > 1;
  if (!checked && options.unchecked !== true) {
    throw new CausewayError(
      "UNPROVEN",
      "you have not contributed, so you cannot check the salts, and no contributor but the proposer has signed yet: with your signature the proposer could choose them. Let a contributor sign first, or sign with --unchecked",
    );
  }
  return [say("check.saltsUnchecked")];
}

async function checkLaggards(
  seat: Seat,
  epoch: number,
  named: readonly MemberId[],
  { force = false }: CheckOptions,
): Promise<readonly string[]> {
  const { federation, nowMs } = seat;
  const behind = laggardsIn(epoch, { federation, reports: await verifiedReports(seat), nowMs }, named);
  const unnamed = behind.filter(({ member }) => !named.includes(member));
  const names = new Names({ federation });
  const lines = unnamed.map(({ member, why }) =>
    say("hindrance.of", { member: names.slugged(member), why: hindranceWords(why) }),
  );
  if (unnamed.length > 0 && !force) {
    throw new CausewayError("UNPROVEN", `not ready, and not named as left behind: ${lines.join(". ")}`);
  }
  return unnamed.length === 0 ? [say("check.ready")] : lines.map((line) => say("check.notReady", { member: line }));
}

/** Who comes in is for people to find out: they compare the fingerprint that the unit itself reads out. */
async function enrolmentNote(
  seat: Seat,
  keys: { readonly signingKey: Uint8Array; readonly sealingKey: Uint8Array },
): Promise<string> {
  const enrolled = (await enrolmentsAt(seat.office)).find(
    ({ enrolment: { signingKey, sealingKey } }) =>
      equalBytes(signingKey, keys.signingKey) && sealingKey !== undefined && equalBytes(sealingKey, keys.sealingKey),
  );
  return enrolled === undefined ? say("check.noEnrolment") : say("check.enrolment", enrolled);
}

function sealedNote(salts: number): readonly string[] {
  return salts === 0 ? [] : [say("check.boxes")];
}
