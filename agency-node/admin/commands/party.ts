/** `causeway admin init`, `found`, `install`, `freshness`: a party's keys, a federation's beginning, what the board hands out. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { equalBytes, toHex } from "../../../shared/core/bytes.ts";
import type { SignedDirective } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { catchUp, loadChain, readDirectives } from "../../../shared/party/chain-file.ts";
import { readPublicBytes, replaceFile } from "../../../shared/party/key-files.ts";
import { partyFile } from "../../../shared/party/files.ts";
import { installBundle } from "../../../shared/party/install.ts";
import { initAdministrator, initBroker, initEvaluator, initNats, initNode } from "../../../shared/party/new-party.ts";
import { parsePin, readPin } from "../../../shared/party/pin.ts";
import type { PartyKind } from "../../../shared/party/files.ts";
import { decodeSignedFreshness } from "../../../shared/wire/directive.ts";
import { identityUri } from "../../../shared/platform/tls.ts";
import { table } from "../../../shared/terminal/output.ts";
import type { Output } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { renewFreshness } from "../../registrar/statement.ts";
import { readChain } from "../board.ts";
import { foundFederation } from "../found.ts";
import { readPlan } from "../plan-file.ts";
import { say } from "../../../shared/words/say.ts";
import { groups, listed } from "../../../shared/words/figures.ts";

const INIT = {
  broker: initBroker,
  evaluator: initEvaluator,
  node: initNode,
  administrator: initAdministrator,
  nats: initNats,
} as const;

export type InitFlags = { readonly kind: PartyKind; readonly name?: string; readonly address?: string };
export type FoundFlags = { readonly plan: string; readonly out: string };
export type InstallFlags = { readonly bundle: string; readonly fingerprint: string };
export type CatchUpFlags = { readonly chain: string };
export type FreshnessFlags = { readonly hours?: string; readonly out?: string };

export async function init(dir: string, { kind, name = kind, address }: InitFlags, output: Output): Promise<void> {
  const proposal = { name, ...(address === undefined ? {} : { address }) };
  const { enrolment: made, fingerprint } = await INIT[kind](dir, proposal);
  const key = toHex(keyId(made.signingKey));
  const enrolment = partyFile(dir, "enrolment");
  output.json({ kind, enrolment, fingerprint, keyId: key });
  output.say(say("party.keysMade", { dir: join(dir, "keys") }));
  output.say(say("keys.handOver", { file: enrolment }));
  output.say(`  ${fingerprint}`);
  output.say(say("party.keyId"));
  output.say(`  ${groups(key)}`);
}

export async function found({ plan, out }: FoundFlags, output: Output): Promise<void> {
  const outDir = resolve(out);
  const founded = await foundFederation({ ...readPlan(plan), nowMs: Date.now(), outDir });
  const fingerprint = toHex(founded.fingerprint);
  const { head } = founded.federation;
  const bundles = Object.fromEntries(founded.bundles);
  const { registrarDir } = founded;
  const members = Object.fromEntries(founded.members);
  output.json({ fingerprint, directive: head.number, members, bundles, registrar: registrarDir });
  output.say(printable(say("party.founded", { federation: founded.federation.found.name, count: head.number })));
  output.say(say("party.fingerprint"));
  output.say(`  ${fingerprint}`);
  output.say(say("party.bundles"));
  for (const row of table([...founded.bundles].map(([party, dir]) => [party, dir]))) output.say(`  ${row}`);
  output.say(say("party.registrar", { dir: registrarDir }));
  output.say(say("party.renew", { command: "causeway admin freshness" }));
}

export function install(partyDir: string, { bundle, fingerprint }: InstallFlags, output: Output): void {
  const pin = parsePin(fingerprint);
  const installed = installBundle({ partyDir, bundleDir: bundle, fingerprint: pin, nowMs: Date.now() });
  const identity = identityUri(installed.identity);
  const { found, head } = installed.federation;
  output.json({ federation: found.name, identity, directive: head.number });
  output.say(printable(say("party.installed", { identity, federation: found.name, directive: head.number })));
}

/** A longer chain that somebody carried here, for a party that no broker can tell of it. A statement beside it says how old it may be. */
export function catchUpBy(partyDir: string, { chain: file }: CatchUpFlags, output: Output): void {
  const nowMs = Date.now();
  const context = { pinnedFingerprint: readPin(partyDir), nowMs };
  const path = partyFile(partyDir, "chain");
  const known = loadChain(path, context);
  const carried = readDirectives(file);
  assertSameHistory(known.directives, carried);
  const beside = partyFile(dirname(file), "freshness");
  const statement = existsSync(beside) ? decodeSignedFreshness(readPublicBytes(beside)) : undefined;
  const { federation } = catchUp(path, known, carried.slice(known.directives.length), statement, context);
  const { number } = federation.head;
  output.json({ directive: number, before: known.federation.head.number });
  output.say(say("party.caughtUp", { number }));
}

function assertSameHistory(known: readonly SignedDirective[], carried: readonly SignedDirective[]): void {
  const isSame = known.every((each, i) => carried[i] === undefined || equalBytes(carried[i].payload, each.payload));
  if (!isSame) throw new CausewayError("UNPROVEN", "the file holds another history than the party's chain");
}

export function stateFreshness(dir: string, { hours, out }: FreshnessFlags, output: Output): void {
  const nowMs = Date.now();
  const statement = renewFreshness({ dir, nowMs, hours: hours === undefined ? undefined : Number(hours) });
  const written = [partyFile(dir, "freshness"), ...(out === undefined ? [] : [out])];
  if (out !== undefined) replaceFile(out, statement, 0o644);
  const { number } = readChain(dir, nowMs).federation.head;
  output.json({ directive: number, written });
  output.say(say("party.fresh", { number, files: listed(written) }));
}
