/** `causeway admin history`, `members`, `health`: what was decided, who belongs to the federation, and how they are. */
import { toHex } from "../../../shared/core/bytes.ts";
import { directiveHash, signersOf } from "../../../shared/core/chain.ts";
import { activeEpoch } from "../../../shared/core/decisions.ts";
import type { Administrator, Federation, SignedDirective } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { loadChain } from "../../../shared/party/chain-file.ts";
import type { Chain } from "../../../shared/party/chain-file.ts";
import { systemClock } from "../../../shared/world/clock.ts";
import { parsePin } from "../../../shared/party/pin.ts";
import { table } from "../../../shared/terminal/output.ts";
import type { Output } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { directiveSubject } from "../../../shared/words/directive.ts";
import { Names } from "../../../shared/words/names.ts";
import { readChain } from "../board.ts";
import type { Desk } from "../desk.ts";
import { verifiedReports } from "../reports.ts";
import { ENGLISH } from "../../../shared/words/language.ts";
import { say, speaking } from "../../../shared/words/say.ts";

export function provenChain(dir: string | undefined, file: string | undefined, fingerprint: string | undefined): Chain {
  const nowMs = systemClock();
  if (dir !== undefined && file === undefined) return readChain(dir, nowMs);
  if (file !== undefined && fingerprint !== undefined && dir === undefined) {
    return loadChain(file, { pinnedFingerprint: parsePin(fingerprint), nowMs });
  }
  throw new CausewayError("INVALID", "name a party's directory, or --file with --fingerprint");
}

const CHAIN_COLUMNS = ["number", "issued", "type", "about", "signedBy", "hash"] as const;
const MEMBER_COLUMNS = ["slug", "name", "state", "mandate", "domains", "retention", "budget"] as const;
const HEALTH_COLUMNS = ["member", "saidAt", "version", "published", "digest", "outbox"] as const;

export function showChain({ directives, federation }: Chain, output: Output): void {
  const signers = signerNames(directives);
  const names = new Names({ federation, directives });
  const rows = directives.map(({ directive, payload }, i) => ({
    number: directive.number,
    type: directive.body.type,
    issuedAt: new Date(directive.issuedAtMs).toISOString(),
    signedBy: signers[i] ?? [],
    about: directiveSubject(directive.body, names),
    hash: toHex(directiveHash(payload)),
  }));
  for (const row of rows) output.json(row);
  output.say(printable(say("chainList.proven", { federation: federation.found.name })));
  const cells = rows.map((row) => [
    String(row.number),
    row.issuedAt,
    row.type,
    row.about,
    row.signedBy.join(", "),
    row.hash.slice(0, 16),
  ]);
  for (const line of table([CHAIN_COLUMNS.map((column) => say(`chainList.${column}`)), ...cells])) output.say(line);
}

/** Of each directive, by the board as it was then. */
function signerNames(directives: readonly SignedDirective[]): string[][] {
  let board: readonly Administrator[] = [];
  return directives.map((signed) => {
    const { federation, body } = signed.directive;
    if (body.type === "found") ({ board } = body);
    const next = body.type === "boardChange" ? body.board : board;
    const both = [...new Map([...board, ...next].map((each) => [toHex(each.signingKey), each])).values()];
    board = next;
    return [...signersOf(signed, both, federation)].map(({ name }) => name);
  });
}

export async function listMembers({ seat, output }: Desk): Promise<void> {
  const { members, suspended, removed, rotationDue } = seat.federation;
  const standing = [
    ...[...members.values()].map((admit) => ({ admit, state: "active" as const })),
    ...[...suspended.values()].map((admit) => ({ admit, state: "suspended" as const })),
    ...[...removed.values()].map(({ admit }) => ({ admit, state: "removed" as const })),
  ];
  const rows = standing.map(({ admit, state }) => {
    const { slug, name, member, mandate, domains, retentionDaysMax, budget, legalBasis, purposes } = admit;
    const said = { member, slug, name, mandate, domains, legalBasis, purposes, retentionDaysMax, budget };
    // For programs in English, whatever is spoken.
    output.json({ ...said, state: speaking(ENGLISH, () => say(`memberState.${state}`)) });
    return [
      slug,
      name,
      say(`memberState.${state}`),
      mandate,
      domains.join(", "),
      say("memberList.retentionIs", { days: retentionDaysMax }),
      say("memberList.budgetIs", budget),
    ];
  });
  for (const line of table([MEMBER_COLUMNS.map((column) => say(`memberList.${column}`)), ...rows])) output.say(line);
  if (rotationDue !== undefined) output.say(rotationDueWords(rotationDue));
}

export function rotationDueWords({ newGeneration }: NonNullable<Federation["rotationDue"]>): string {
  const command = "epoch prepare --new-generation";
  return say("cut.rotationDue", { newGeneration: newGeneration ? "yes" : "no", command });
}

export async function listHealth({ seat, output }: Desk): Promise<void> {
  const reports = await verifiedReports(seat);
  const active = activeEpoch(seat.federation)?.epoch;
  const rows = [...seat.federation.members.values()].map(({ member, slug }) => {
    const report = reports.get(member);
    output.json({
      member,
      slug,
      forged: report?.forged ?? false,
      lastAppliedMs: report?.lastAppliedMs ?? 0,
      streamsRefused: report?.streamsRefused ?? false,
      ...jsonOf(report?.statement),
    });
    const told = report?.statement;
    if (told === undefined)
      return [slug, say(report?.forged === true ? "healthList.forged" : "healthList.silent"), "", "", "", ""];
    const epoch = told.epochs.find((each) => each.epoch === active);
    return [
      slug,
      new Date(told.nodeTimeMs).toISOString(),
      told.version,
      epoch === undefined ? "" : say("healthList.publishedIs", epoch),
      say((epoch?.digestAgreedMs ?? 0) === 0 ? "healthList.open" : "healthList.agreed"),
      told.outboxSinceMs === 0
        ? say("healthList.empty")
        : say("healthList.since", { at: new Date(told.outboxSinceMs).toISOString() }),
    ];
  });
  for (const line of table([HEALTH_COLUMNS.map((column) => say(`healthList.${column}`)), ...rows])) output.say(line);
  const { members } = seat.federation;
  for (const [member, { streamsRefused, statement }] of reports) {
    const slug = members.get(member)?.slug ?? member;
    if (streamsRefused) output.say(say("healthList.noRoom", { slug }));
    const skipped = statement?.skippedNotices ?? 0;
    if (skipped > 0) output.say(say("healthList.skipped", { slug, count: skipped }));
  }
}

function jsonOf(statement: { readonly directiveHash: Uint8Array } | undefined): object {
  return statement === undefined ? {} : { statement: { ...statement, directiveHash: toHex(statement.directiveHash) } };
}
