/**
 * `causeway registrar init`, `nats-bundle`: another registrar in place of one that was lost with its keys. Everything of it is new: certificate
 * authority, freshness key, operator and accounts of NATS. Its authority and its freshness key count once the board has named them; no
 * successor of a root that is lost can be certified by that root, so a party that was away must be given the chain by hand.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import { encodeChain, loadChain } from "../../shared/party/chain-file.ts";
import { readEnrolmentFile } from "../../shared/party/enrolment.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { rootsPemOf } from "../../shared/party/install.ts";
import { makePrivateDirectory, replaceFile, writeNewSecret } from "../../shared/party/key-files.ts";
import { parsePin, readPin } from "../../shared/party/pin.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { certificateDer } from "../../shared/platform/tls.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { groups } from "../../shared/words/figures.ts";
import { say } from "../../shared/words/say.ts";
import { systemClock } from "../../shared/world/clock.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { readRegistrarKeys, writeRegistrarKeys } from "./keys.ts";
import { createNatsAuthority, issueNatsAccounts } from "./nats-accounts.ts";
import { natsServerPlace, writeNatsServers } from "./nats-servers.ts";
import { rootId } from "./root-id.ts";
import { renewFreshness } from "./statement.ts";

export type NewRegistrarFlags = { readonly dir: string; readonly chain: string; readonly fingerprint: string };
export type NatsBundleFlags = {
  readonly dir: string;
  readonly enrolment: string;
  readonly fingerprint: string;
  readonly host: readonly string[];
  readonly out: string;
};

const FRESHNESS_SEED_BYTES = 32;

/** `chain`: of any party. Throws CONFLICT if there are keys already, UNPROVEN for a chain of another federation. */
export async function makeRegistrar(
  { dir, chain, fingerprint }: NewRegistrarFlags,
  { randomBytes }: Randomness,
  output: Output,
): Promise<void> {
  if (existsSync(join(dir, "keys"))) throw new CausewayError("CONFLICT", `${dir} has keys; keys are never overwritten`);
  const nowMs = systemClock();
  const pinnedFingerprint = parsePin(fingerprint);
  const { directives, federation } = loadChain(chain, { pinnedFingerprint, nowMs });
  const authority = await createAuthority({ federation: federation.id, nowMs });
  const freshnessSeed = randomBytes(FRESHNESS_SEED_BYTES);
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const certificate = await issueCertificate({
    authority,
    requestPem,
    identity: { kind: "registrar" },
    hosts: [],
    nowMs,
  });
  makePrivateDirectory(join(dir, "keys"));
  writeRegistrarKeys(dir, { authority, freshnessSeed, nats: createNatsAuthority() });
  writeNewSecret(keyFile(dir, "tls.key"), privateKeyPem);
  replaceFile(partyFile(dir, "request"), requestPem, 0o644);
  replaceFile(partyFile(dir, "certificate"), certificate, 0o644);
  replaceFile(partyFile(dir, "roots"), rootsPemOf(federation), 0o644);
  replaceFile(partyFile(dir, "chain"), encodeChain(directives), 0o644);
  replaceFile(partyFile(dir, "pin"), `${toHex(pinnedFingerprint)}\n`, 0o644);
  const { publicKey } = signingKeyPair(freshnessSeed);
  const root = rootId(certificateDer(authority.certificatePem));
  const file = join(dir, "ca.crt");
  output.json({ file, root, freshnessKey: toHex(publicKey), freshnessKeyId: toHex(keyId(publicKey)) });
  output.say(say("party.newRegistrar", { file, root }));
  output.say(say("party.freshnessKey"));
  output.say(`  ${groups(toHex(publicKey))}`);
  output.say(say("party.freshnessKeyId"));
  output.say(`  ${groups(toHex(keyId(publicKey)))}`);
}

/**
 * What a NATS server needs of this registrar: a certificate for the key that it has now, operator and accounts. A server of another name than
 * those before is one more. Throws UNPROVEN for another
 * enrolment than was read out, ENVIRONMENT while the chain does not name this registrar's keys.
 */
export async function writeNatsBundle(flags: NatsBundleFlags, output: Output): Promise<void> {
  const { dir, out } = flags;
  const nowMs = systemClock();
  const { enrolment } = readEnrolmentFile(flags.enrolment, flags.fingerprint);
  const { kind, name, tlsRequestPem: requestPem } = enrolment;
  if (kind !== "nats" || requestPem === undefined) {
    throw new CausewayError("INVALID", "the enrolment is not that of a NATS server", { fields: ["enrolment"] });
  }
  const { directives, federation } = loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs });
  const { authority, nats } = readRegistrarKeys(dir, federation.found.tlsRoots.at(-1));
  const identity = { kind: "nats" } as const;
  const certificate = await issueCertificate({ authority, requestPem, identity, hosts: flags.host, nowMs });
  const kept = natsServerPlace(dir, name);
  makePrivateDirectory(dirname(kept));
  makePrivateDirectory(kept);
  replaceFile(partyFile(kept, "request"), requestPem, 0o644);
  replaceFile(partyFile(kept, "certificate"), certificate, 0o644);
  const accounts = await issueNatsAccounts(nats, {
    name: federation.found.name,
    members: [...federation.members.values()],
  });
  makePrivateDirectory(out);
  replaceFile(partyFile(out, "chain"), encodeChain(directives), 0o644);
  replaceFile(partyFile(out, "freshness"), renewFreshness({ dir, nowMs }), 0o644);
  replaceFile(partyFile(out, "certificate"), certificate, 0o644);
  replaceFile(partyFile(out, "natsAccounts"), `${JSON.stringify(accounts, undefined, 2)}\n`, 0o644);
  const servers = writeNatsServers(dir);
  output.json({ party: "nats", bundle: out, servers });
  output.say(say("party.issued", { party: "nats", dir: out }));
  output.say(say("party.natsServers", { servers }));
}
