/** `causeway admin invite`, `enrolments`, `admit`, `member-change`, `suspend`, `reinstate`, `remove`, `rotate-key`: who belongs to the federation. */
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { Admit, Federation, RotateKey } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { toId } from "../../../shared/core/ids.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { randomBytes } from "../../../shared/world/random.ts";
import { readPin } from "../../../shared/party/pin.ts";
import type { Enrolled } from "../../../shared/party/enrolment.ts";
import type { PartyKind } from "../../../shared/party/files.ts";
import { invitationKeys, signInvitation } from "../../../shared/wire/board.ts";
import { encodeInvitationCode, INVITATION_SECRET_BYTES } from "../../../shared/wire/invitation-code.ts";
import { table } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { enrolmentsAt } from "../checks.ts";
import { putForward } from "../desk.ts";
import type { Common, Desk } from "../desk.ts";
import { isSameFingerprint, readEnrolmentFile } from "../../../shared/party/enrolment.ts";
import { readChangedTerms, readTerms } from "../plan-file.ts";
import { saltsFor } from "../recovery.ts";
import { say } from "../../../shared/words/say.ts";

export type Reasoned = Common & { readonly reason: string };
export type InviteFlags = Common & { readonly note: string; readonly address: string; readonly hours: string };
/** Where a party's new public keys come from, and what it read out by telephone. */
export type EnrolmentFlags = { readonly fingerprint: string; readonly enrolment?: string | undefined };
export type AdmitFlags = Common & EnrolmentFlags & { readonly terms: string };
export type ChangeFlags = Reasoned & { readonly terms: string };
export type RotateFlags = Reasoned & Partial<EnrolmentFlags> & { readonly key?: string };

const HOUR_MS = 3_600_000;
const INVITATION_HOURS_MAX = 24 * 30;

export async function invite({ seat, output }: Desk, { note, address, hours }: InviteFlags): Promise<void> {
  const life = Number(hours);
  if (!(life > 0 && life <= INVITATION_HOURS_MAX)) {
    throw new CausewayError("INVALID", "an invitation holds for up to 30 days", { fields: ["hours"] });
  }
  const secret = randomBytes(INVITATION_SECRET_BYTES);
  // Before the broker hears of it: an address that is none makes no invitation.
  const code = encodeInvitationCode({ secret, fingerprint: readPin(seat.dir), address });
  const validUntilMs = seat.nowMs + Math.round(life * HOUR_MS);
  const scope = { federation: seat.federation.id, signer: seat.signer };
  await seat.office.invite(signInvitation({ ...invitationKeys(secret), note, validUntilMs }, scope));
  const validUntil = new Date(validUntilMs).toISOString();
  output.json({ invitation: code, validUntil });
  output.say(say("invitation.send", { until: validUntil }));
  output.say(`  ${code}`);
  output.say(
    say("invitation.unitRuns", { command: "causeway node enrol --invitation CODE --name NAME --mandate MANDATE" }),
  );
}

const ENROLMENT_COLUMNS = ["for", "kind", "callsItself", "mandate", "fingerprint"] as const;

export async function listEnrolments({ seat, output }: Desk): Promise<void> {
  const { invitations } = await seat.office.arrivals();
  const enrolled = await enrolmentsAt(seat.office);
  for (const { note, validUntilMs } of invitations) {
    const validUntil = new Date(validUntilMs).toISOString();
    output.json({ invitation: note, validUntil });
    output.say(printable(say("invitation.invited", { note, until: validUntil })));
  }
  const rows = enrolled.map(({ enrolment, fingerprint, note }) => {
    output.json({
      enrolment: note,
      kind: enrolment.kind,
      name: enrolment.name,
      mandate: enrolment.mandate ?? "",
      fingerprint,
    });
    return [note, enrolment.kind, enrolment.name, enrolment.mandate ?? "", fingerprint];
  });
  if (invitations.length + rows.length === 0) output.say(say("invitation.nobody"));
  if (rows.length > 0)
    for (const line of table([ENROLMENT_COLUMNS.map((column) => say(`invitation.${column}`)), ...rows]))
      output.say(line);
}

export async function admit(desk: Desk, flags: AdmitFlags): Promise<void> {
  const { seat } = desk;
  const terms = readTerms(flags.terms);
  const { enrolment } = await enrolmentOf(seat.office, flags, "node");
  const { signingKey, sealingKey } = enrolment;
  if (sealingKey === undefined) throw new CausewayError("INVALID", "the enrolment names no sealing key");
  const salts = await saltsFor(seat, { domains: terms.domains, sealingKey }, `admit ${terms.slug}`);
  const member = toId<MemberId>(toHex(randomBytes(16)));
  await putForward(desk, { type: "admit", ...terms, member, signingKey, sealingKey, salts }, flags);
}

export async function changeMember(desk: Desk, slug: string, flags: ChangeFlags): Promise<void> {
  const { seat } = desk;
  const before = memberBySlug(seat.federation, slug);
  const { member, name, contact, domains, legalBasis, purposes, retentionDaysMax } = {
    ...before,
    ...readChangedTerms(flags.terms),
  };
  const gained = domains.filter((each) => !before.domains.includes(each));
  // A suspended member gets salts with its reinstatement.
  const needed = gained.length > 0 && seat.federation.members.has(member);
  const { sealingKey } = before;
  const salts = needed ? await saltsFor(seat, { domains: gained, sealingKey }, `member-change ${slug}`) : [];
  const terms = { member, name, contact, domains, legalBasis, purposes, retentionDaysMax };
  await putForward(desk, { type: "memberChange", ...terms, salts, reason: flags.reason }, flags);
}

export async function suspend(desk: Desk, slug: string, flags: Reasoned): Promise<void> {
  const { member } = memberBySlug(desk.seat.federation, slug);
  await putForward(desk, { type: "suspend", member, reason: flags.reason }, flags);
}

export async function reinstate(desk: Desk, slug: string, flags: Reasoned): Promise<void> {
  const { seat } = desk;
  const admit = memberBySlug(seat.federation, slug);
  // Asked first, so that nobody releases shares for what cannot be decided.
  if (!seat.federation.suspended.has(admit.member)) {
    throw new CausewayError("INVALID", "only a suspended member can be reinstated", { fields: ["member"] });
  }
  const salts = await saltsFor(seat, admit, `reinstate ${slug}`);
  await putForward(desk, { type: "reinstate", member: admit.member, reason: flags.reason, salts }, flags);
}

export async function remove(
  desk: Desk,
  slug: string,
  flags: Reasoned & { readonly forCause?: boolean },
): Promise<void> {
  const { member } = memberBySlug(desk.seat.federation, slug);
  const forCause = flags.forCause === true;
  await putForward(desk, { type: "remove", member, reason: flags.reason, forCause }, flags);
}

export async function rotateKey(desk: Desk, party: string, flags: RotateFlags): Promise<void> {
  const { party: named, signingKey } = await newKeysOf(desk, party, flags);
  await putForward(desk, { type: "rotateKey", party: named, signingKey, reason: flags.reason }, flags);
}

async function newKeysOf(
  { seat }: Desk,
  party: string,
  flags: RotateFlags,
): Promise<Pick<RotateKey, "party" | "signingKey">> {
  if (party === "freshness") return { party: { kind: "freshness" }, signingKey: keyIn(flags.key) };
  const { fingerprint, enrolment: file } = flags;
  if (fingerprint === undefined) {
    throw new CausewayError("INVALID", "name the new enrolment's fingerprint, as the party reads it out", {
      fields: ["fingerprint"],
    });
  }
  const from = { fingerprint, ...(file === undefined ? {} : { enrolment: file }) };
  if (party === "broker") {
    const { enrolment } = await enrolmentOf(seat.office, from, "broker");
    return { party: { kind: "broker" }, signingKey: enrolment.signingKey };
  }
  if (party.startsWith("evaluator:")) {
    const { enrolment } = await enrolmentOf(seat.office, from, "evaluator");
    return { party: { kind: "evaluator", name: party.slice("evaluator:".length) }, signingKey: enrolment.signingKey };
  }
  const { member, domains } = memberBySlug(seat.federation, party);
  const { enrolment } = await enrolmentOf(seat.office, from, "node");
  const { signingKey, sealingKey } = enrolment;
  if (sealingKey === undefined) throw new CausewayError("INVALID", "the enrolment names no sealing key");
  // A suspended member gets salts with its reinstatement.
  const isSuspended = seat.federation.suspended.has(member);
  const salts = isSuspended ? [] : await saltsFor(seat, { domains, sealingKey }, `rotate-key ${party}`);
  return { party: { kind: "member", member, sealingKey, salts }, signingKey };
}

function keyIn(text: string | undefined): Uint8Array {
  const digits = (text ?? "").replaceAll(/\s/g, "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return fromHex(digits);
  throw new CausewayError("INVALID", "give the registrar's new public key: --key, 64 hexadecimal digits", {
    fields: ["key"],
  });
}

/** By slug, in good standing or suspended. Throws NOT_FOUND. */
export function memberBySlug({ members, suspended }: Federation, slug: string): Admit {
  const admit = [...members.values(), ...suspended.values()].find((each) => each.slug === slug);
  if (admit === undefined)
    throw new CausewayError("NOT_FOUND", "no member in good standing or suspended has this slug");
  return admit;
}

/** From a file, or as it lies at the broker. Throws INVALID for another kind, NOT_FOUND, and UNPROVEN for another fingerprint. */
export async function enrolmentOf(
  office: Desk["seat"]["office"],
  flags: EnrolmentFlags,
  kind: PartyKind,
): Promise<Enrolled> {
  const enrolled =
    flags.enrolment === undefined
      ? await enrolmentAt(office, flags.fingerprint)
      : readEnrolmentFile(flags.enrolment, flags.fingerprint);
  if (enrolled.enrolment.kind !== kind) throw new CausewayError("INVALID", `the enrolment is not that of a ${kind}`);
  return enrolled;
}

async function enrolmentAt(office: Desk["seat"]["office"], fingerprint: string): Promise<Enrolled> {
  const found = (await enrolmentsAt(office)).find((each) => isSameFingerprint(each.fingerprint, fingerprint));
  if (found === undefined) throw new CausewayError("NOT_FOUND", "no enrolment with this fingerprint is at the broker");
  return found;
}
