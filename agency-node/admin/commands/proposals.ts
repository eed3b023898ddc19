/** `causeway admin proposals`, `approve`, `endorse`, `sign-in`: what waits for signatures, and giving one. */
import { z } from "zod";
import { equalBytes, fromHex, toHex } from "../../../shared/core/bytes.ts";
import { foldProposal } from "../../../shared/core/chain.ts";
import type { DirectiveSignature, Federation, SignedDirective } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { loadChain } from "../../../shared/party/chain-file.ts";
import { hasSigned, proposalDigest, tallyOf } from "../../../shared/core/proposal.ts";
import { readPublicBytes, replaceFile } from "../../../shared/party/key-files.ts";
import { readJsonFile } from "../../../shared/platform/json-file.ts";
import { readSigningKeys } from "../../../shared/party/keys.ts";
import { parsePin } from "../../../shared/party/pin.ts";
import { check } from "../../../shared/wire/checks.ts";
import { decodeSignedDirective, encodeSignedDirective } from "../../../shared/wire/directive.ts";
import { table } from "../../../shared/terminal/output.ts";
import type { Output } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { directiveSubject } from "../../../shared/words/directive.ts";
import { Names } from "../../../shared/words/names.ts";
import { say } from "../../../shared/words/say.ts";
import { signDirective } from "../board.ts";
import { sayWhat, whatItDoes } from "../desk.ts";
import type { Common, Desk } from "../desk.ts";
import { approve, examine, findProposal } from "../proposals.ts";
import { learnOutcome } from "../seat.ts";
import { isDigest, shortDigest } from "../digest.ts";

export type ListFlags = Common & { readonly out?: string };
export type ApproveFlags = Common & {
  readonly digest?: string;
  readonly endorsement?: string;
  readonly unchecked?: boolean;
  readonly force?: boolean;
};

export type EndorseFlags = {
  readonly json?: boolean;
  readonly chain: string;
  readonly fingerprint: string;
  readonly digest: string;
  readonly out: string;
};

const COLUMNS = ["digest", "type", "about", "state", "signedBy", "missing", "expires"] as const;

export async function listProposals({ seat, output }: Desk): Promise<void> {
  const proposals = await seat.office.proposals();
  const names = new Names({ federation: seat.federation });
  const rows = proposals.map(({ signed, state, acceptedAs }) => {
    const { body, notAfterMs } = signed.directive;
    const digest = proposalDigest(signed);
    const { signedBy, missing } = whoSigned(signed, seat.federation);
    const about = directiveSubject(body, names);
    const expires = new Date(notAfterMs).toISOString();
    output.json({
      digest: toHex(digest),
      type: body.type,
      about,
      state,
      acceptedAs,
      signedBy,
      missing,
      expires,
    });
    return [shortDigest(digest), body.type, about, state, signedBy.join(", "), String(missing), expires];
  });
  if (rows.length === 0) output.say(say("signing.nothing"));
  else for (const line of table([COLUMNS.map((column) => say(`signing.${column}`)), ...rows])) output.say(line);
}

export async function showProposal(desk: Desk, digits: string, { out }: ListFlags): Promise<void> {
  const { seat, output } = desk;
  const { signed } = await findProposal(seat, digits);
  const digest = proposalDigest(signed);
  const { body } = signed.directive;
  const { signedBy, missing } = whoSigned(signed, seat.federation);
  output.json({ digest: toHex(digest), ...whatItDoes(body, seat.federation), signedBy, missing });
  sayWhat(output, body, seat.federation);
  output.say(`  ${say("signing.digestIs", { digest: shortDigest(digest) })}`);
  output.say(`  ${printable(say("signing.signersMissing", { names: signedBy.join(", "), missing }))}`);
  if (out !== undefined) replaceFile(out, encodeSignedDirective(signed), 0o644);
}

/** As verified here, by name, and how many signatures are missing of the board that lacks most. */
function whoSigned(
  signed: SignedDirective,
  federation: Federation,
): { readonly signedBy: readonly string[]; readonly missing: number } {
  const { signers, scarcest } = tallyOf(federation, signed);
  return { signedBy: signers.map(({ name }) => name), missing: scarcest.missing };
}

export async function approveProposal(desk: Desk, digits: string, flags: ApproveFlags): Promise<void> {
  const { seat, output } = desk;
  const proposal = await findProposal(seat, digits);
  const { signed } = proposal;
  const digest = proposalDigest(signed);
  sayWhat(output, signed.directive.body, seat.federation);
  const tally = tallyOf(seat.federation, signed);
  const signers = tally.signers.map(({ name }) => name).join(", ") || say("signing.nobody");
  output.say(`  ${printable(say("signing.signers", { names: signers }))}`);
  const options = { ...flags, signers: tally.signers, endorsement: endorsementIn(flags.endorsement) };
  const notes = await examine(seat, proposal, options);
  for (const note of notes) output.say(printable(note));
  if (options.endorsement === undefined && hasSigned(tally, seat.keyId)) {
    throw new CausewayError("CONFLICT", "you have signed this already");
  }
  await confirm(desk, digest, flags.digest);
  const { state, signatures, quorum } = await approve(seat, proposal, options);
  output.json({ approved: toHex(digest), state, signatures, quorum, notes });
  if (state !== "accepted") {
    output.say(say("signing.signed", { signatures, quorum }));
    return;
  }
  await learnOutcome(seat);
  output.say(say("signing.effective", signed.directive));
}

/** Needs no broker: whoever is not on the board yet has no certificate. Throws UNPROVEN, FORBIDDEN, else as `foldProposal`. */
export function endorse(
  dir: string,
  file: string,
  { chain, fingerprint, digest, out, nowMs }: EndorseFlags & { readonly nowMs: number },
  output: Output,
): void {
  const { federation } = loadChain(chain, { pinnedFingerprint: parsePin(fingerprint), nowMs });
  const signed = decodeSignedDirective(readPublicBytes(file));
  foldProposal(federation, signed, { nowMs });
  const hash = proposalDigest(signed);
  if (!isDigest(digest, hash)) throw new CausewayError("UNPROVEN", "the file holds another proposal");
  const signer = readSigningKeys(dir);
  const { body } = signed.directive;
  const joins =
    body.type === "boardChange" && body.board.some(({ signingKey }) => equalBytes(signingKey, signer.publicKey));
  if (!joins) throw new CausewayError("FORBIDDEN", "this proposal gives you no seat");
  sayWhat(output, body, federation);
  const { keyId, signature } = signDirective(signed, signer);
  replaceFile(out, JSON.stringify({ keyId: toHex(keyId), signature: toHex(signature) }), 0o644);
  output.json({ digest: toHex(hash), written: out });
  const command = `causeway admin approve DIR ${toHex(hash).slice(0, 16)} --endorsement ${out}`;
  output.say(say("signing.endorsed", { command }));
}

export async function signIn({ seat, output }: Desk, auditor?: string): Promise<void> {
  const { code, validUntilMs, consoleUrl } = await seat.office.signInCode(auditor);
  const validUntil = new Date(validUntilMs).toISOString();
  output.json({ code, consoleUrl, validUntil });
  output.say(say("signing.signIn", { url: consoleUrl, code, until: validUntil }));
}

/** The digest has to come from the proposer, not from this screen: whoever types it has heard it. */
async function confirm({ ask, output }: Desk, digest: Uint8Array, given: string | undefined): Promise<void> {
  if (given === undefined && ask === undefined) {
    throw new CausewayError("INVALID", "nobody is here to ask: give --digest as the proposer reads it out", {
      fields: ["digest"],
    });
  }
  output.say(say("signing.compare"));
  const typed = given ?? (await ask?.(`${say("signing.question")} `)) ?? "";
  if (!isDigest(typed, digest))
    throw new CausewayError("UNPROVEN", "this is not the proposal's digest; nothing was signed");
}

const endorsementSchema = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{32}$/),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});

function endorsementIn(file: string | undefined): DirectiveSignature | undefined {
  if (file === undefined) return undefined;
  const { keyId, signature } = check(endorsementSchema, readJsonFile(file), "endorsement");
  return { keyId: fromHex(keyId), signature: fromHex(signature) };
}
