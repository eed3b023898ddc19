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

export function provenChain(dir: string | undefined, file: string | undefined, fingerprint: string | undefined): Chain {
  const nowMs = systemClock();
  if (dir !== undefined && file === undefined) return readChain(dir, nowMs);
  if (file !== undefined && fingerprint !== undefined && dir === undefined) {
    return loadChain(file, { pinnedFingerprint: parsePin(fingerprint), nowMs });
  }
  throw new CausewayError("INVALID", "name a party's directory, or --file with --fingerprint");
}

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
  output.say(printable(`${federation.found.name}: every directive is proven from the pinned fingerprint.`));
  const cells = rows.map((row) => [
    String(row.number),
    row.issuedAt,
    row.type,
    row.about,
    row.signedBy.join(", "),
    row.hash.slice(0, 16),
  ]);
  for (const line of table([["No", "Issued", "Type", "About", "Signed by", "Hash"], ...cells])) output.say(line);
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
    ...[...members.values()].map((admit) => ({ admit, state: "in good standing" })),
    ...[...suspended.values()].map((admit) => ({ admit, state: "suspended" })),
    ...[...removed.values()].map(({ admit }) => ({ admit, state: "removed" })),
  ];
  const rows = standing.map(({ admit, state }) => {
    const { slug, name, member, mandate, domains, retentionDaysMax, budget, legalBasis, purposes } = admit;
    output.json({ member, slug, name, state, mandate, domains, legalBasis, purposes, retentionDaysMax, budget });
    return [slug, name, state, mandate, domains.join(", "), `${retentionDaysMax} days`, `${budget.perDay} a day`];
  });
  for (const line of table([["Slug", "Name", "State", "Mandate", "Domains", "Retention", "Budget"], ...rows]))
    output.say(line);
  if (rotationDue !== undefined) output.say(rotationDueWords(rotationDue));
}

export function rotationDueWords({ newGeneration }: NonNullable<Federation["rotationDue"]>): string {
  const keys = newGeneration ? " New evaluator keys are needed: epoch prepare --new-generation." : "";
  return `A rotation is due: a removed member still knows the salts in use.${keys}`;
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
      return [slug, report?.forged === true ? "FORGED statement" : "nothing heard", "", "", "", ""];
    const epoch = told.epochs.find((each) => each.epoch === active);
    return [
      slug,
      new Date(told.nodeTimeMs).toISOString(),
      told.version,
      epoch === undefined ? "" : `${epoch.published} of ${epoch.records}`,
      (epoch?.digestAgreedMs ?? 0) === 0 ? "open" : "agreed",
      told.outboxSinceMs === 0 ? "empty" : `since ${new Date(told.outboxSinceMs).toISOString()}`,
    ];
  });
  for (const line of table([["Member", "Said at", "Version", "Published", "Digest", "Outbox"], ...rows]))
    output.say(line);
  const { members } = seat.federation;
  for (const [member, { streamsRefused, statement }] of reports) {
    const slug = members.get(member)?.slug;
    if (streamsRefused) output.say(`${slug}: NATS refuses its streams, most likely for want of room.`);
    const skipped = statement?.skippedNotices ?? 0;
    if (skipped > 0)
      output.say(`${slug}: its version does not know ${skipped} of the broker's notices: it must be updated.`);
  }
}

function jsonOf(statement: { readonly directiveHash: Uint8Array } | undefined): object {
  return statement === undefined ? {} : { statement: { ...statement, directiveHash: toHex(statement.directiveHash) } };
}
