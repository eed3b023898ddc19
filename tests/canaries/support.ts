/** Members, salts and plans for the tests of canaries; all invented. */
import type { CanaryPlan } from "../../agency-node/canaries/core/plan.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { invented } from "../crypto/support.ts";

export const BEAT_MS = Date.UTC(2026, 10, 22, 12);

export function membersOf(count: number): MemberId[] {
  return Array.from({ length: count }, (_, i) => toId<MemberId>(toHex(invented(`member ${i}`, 16))));
}

export function planFor(members: readonly MemberId[], salt = "salt", beatMs = BEAT_MS): CanaryPlan {
  return { salt: saltKey(invented(salt, 32)), beatMs, members };
}
