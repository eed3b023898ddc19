/** (board's on-line key) The statement of which directive is the latest. Whoever holds the key can call an old chain fresh, and no more. */
import { FRESHNESS_MS_MAX } from "../../shared/core/chain.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyId, signPayload, signingKeyPair } from "../../shared/crypto/sign.ts";
import { loadChain } from "../../shared/party/chain-file.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPin } from "../../shared/party/pin.ts";
import { encodeFreshness, encodeSignedFreshness } from "../../shared/wire/directive.ts";
import { freshnessSeedOf } from "./keys.ts";

const FRESHNESS_HOURS = 24;
const HOUR_MS = 3_600_000;

/** A signed statement that the federation's head is the latest directive, as bytes. */
export function stateFreshness(of: {
  readonly federation: Federation;
  readonly freshnessSeed: Uint8Array;
  readonly nowMs: number;
  readonly hours?: number | undefined;
}): Uint8Array {
  const { id, head } = of.federation;
  const lifeMs = (of.hours ?? FRESHNESS_HOURS) * HOUR_MS;
  if (!(lifeMs > 0 && lifeMs <= FRESHNESS_MS_MAX)) {
    throw new CausewayError("INVALID", "a freshness statement is valid for up to 48 hours", { fields: ["hours"] });
  }
  const { publicKey, secretKey } = signingKeyPair(of.freshnessSeed);
  const payload = encodeFreshness({
    federation: id,
    number: head.number,
    headHash: head.hash,
    issuedAtMs: of.nowMs,
    validUntilMs: of.nowMs + Math.round(lifeMs),
  });
  const signature = signPayload({ type: "freshness", federation: id, payload, secretKey });
  return encodeSignedFreshness({ payload, signature: { keyId: keyId(publicKey), signature } });
}

/**
 * Renews the freshness statement from the directory that holds the on-line key, and keeps it there as freshness.bin.
 * Returns it for the broker to serve.
 */
export function renewFreshness(of: {
  readonly dir: string;
  readonly nowMs: number;
  readonly hours?: number | undefined;
}): Uint8Array {
  const { federation } = loadChain(partyFile(of.dir, "chain"), { pinnedFingerprint: readPin(of.dir), nowMs: of.nowMs });
  const freshnessSeed = freshnessSeedOf(of.dir, federation.found.freshnessKey);
  const statement = stateFreshness({ federation, freshnessSeed, nowMs: of.nowMs, hours: of.hours });
  replaceFile(partyFile(of.dir, "freshness"), statement, 0o644);
  return statement;
}
