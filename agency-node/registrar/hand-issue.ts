/**
 * `causeway registrar issue`: a bundle for a party that can ask for nothing any more, because its certificate has ended, or the broker's.
 * The same that the running registrar would issue, for whoever the chain lists and nobody else.
 */
import { mkdirSync } from "node:fs";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { encodeChain, loadChain } from "../../shared/party/chain-file.ts";
import { parseEnrolment } from "../../shared/party/enrolment.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPublicText, replaceFile } from "../../shared/party/key-files.ts";
import { readPin } from "../../shared/party/pin.ts";
import { identityUri } from "../../shared/platform/tls.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { say } from "../../shared/words/say.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { readRegistrarConfig } from "./config.ts";
import { issueCredentials } from "./issue.ts";
import { readRegistrarKeys } from "./keys.ts";
import { listedParties } from "./parties.ts";
import { renewFreshness } from "./statement.ts";

const DAY_MS = 24 * 3_600_000;

export type IssueFlags = { readonly dir: string; readonly enrolment: string; readonly out: string };

/** Throws FORBIDDEN for a key that the chain does not list, else as `issueCredentials`. */
export async function issueByHand({ dir, enrolment: file, out }: IssueFlags, output: Output): Promise<void> {
  const nowMs = systemClock();
  const { certificateDays, natsUserDays } = readRegistrarConfig(dir);
  const { directives, federation } = loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs });
  const { signingKey, tlsRequestPem = "", natsKey = "" } = parseEnrolment(readPublicText(file)).enrolment;
  const party = listedParties(federation).get(toHex(keyId(signingKey)));
  if (party === undefined) throw new CausewayError("FORBIDDEN", "the chain lists no party with this key");
  const { certificatePem, natsUserJwt } = await issueCredentials({
    keys: readRegistrarKeys(dir, federation.found.tlsRoots.at(-1)),
    party,
    request: { tlsRequestPem, natsKey, requestedAtMs: nowMs },
    lives: { certificateMs: certificateDays * DAY_MS, natsUserMs: natsUserDays * DAY_MS },
    nowMs,
  });
  mkdirSync(out, { recursive: true });
  replaceFile(partyFile(out, "chain"), encodeChain(directives), 0o644);
  replaceFile(partyFile(out, "freshness"), renewFreshness({ dir, nowMs }), 0o644);
  replaceFile(partyFile(out, "certificate"), certificatePem, 0o644);
  if (natsUserJwt !== "") replaceFile(partyFile(out, "userJwt"), natsUserJwt, 0o644);
  output.json({ party: identityUri(party.identity), bundle: out });
  output.say(say("party.issued", { party: identityUri(party.identity), dir: out }));
}
