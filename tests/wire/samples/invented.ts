/** Invented keys and ids of the vectors. */
import { sealingKeyPair } from "../../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../../shared/crypto/sign.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { toId } from "../../../shared/core/ids.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../../shared/core/ids.ts";

export const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

export const FEDERATION = filled(16, 0xfe);
export const MEMBER = toId<MemberId>("a1".repeat(16));
export const OTHER_MEMBER = toId<MemberId>("a2".repeat(16));
export const HANDLE = toId<Handle>("b2".repeat(16));
export const INCARNATION = toId<Incarnation>("c3".repeat(16));
export const MATCH = toId<MatchId>("d4".repeat(16));
export const SIGNER = signingKeyPair(filled(32, 1));
export const STRANGER = signingKeyPair(filled(32, 2));
export const RECIPIENT = sealingKeyPair(filled(32, 3));
export const SIGNER_ID = keyId(SIGNER.publicKey);
export const SCOPE = { federation: FEDERATION, signer: SIGNER };
/** Only the one signer counts. */
export const signingKeyOf = (id: string): Uint8Array | undefined =>
  id === toHex(SIGNER_ID) ? SIGNER.publicKey : undefined;
/** 2026-12-01, noon UTC. */
export const AT_MS = 1_796_126_400_000;
