/** Members, seats and statements of a federation that does not exist. No unit, person, number or key in it is real. */
import type { Alarm } from "../../broker/core/alarm.ts";
import { toHex, utf8 } from "../../shared/core/bytes.ts";
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import type { Administrator, Admission } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const NOW_MS = Date.UTC(2026, 10, 22, 14, 5);

/** Bytes that a word stands for, the same in every run. */
export function bytesOf(word: string, length: 16 | 32 = 32): Uint8Array {
  return blake2b(length, utf8(`invented ${word}`));
}

export function signerOf(name: string): SigningKeyPair {
  return signingKeyPair(bytesOf(`${name} signing`));
}

export function seatOf(name: string): Administrator {
  return {
    name,
    signingKey: signerOf(name).publicKey,
    sealingKey: sealingKeyPair(bytesOf(`${name} sealing`)).publicKey,
  };
}

export const BOARD = ["Prosecutor A", "Inspector B", "Data protection officer C"] as const;

export function memberId(slug: string): MemberId {
  return toId<MemberId>(toHex(bytesOf(`member ${slug}`, 16)));
}

/** An item of the day that nobody has looked into. */
export function alarm(id: number, changes: Partial<Alarm> & Pick<Alarm, "kind" | "text">): Alarm {
  return { id, firstSeenMs: NOW_MS - HOUR, lastSeenMs: NOW_MS - 30 * MINUTE, count: 1, ...changes };
}

/** A unit that does not exist. */
export function admission(slug: string, name: string, changes: Partial<Admission> = {}): Admission {
  return {
    member: memberId(slug),
    slug,
    name,
    mandate: "counter-terrorism",
    contact: {
      office: "Liaison desk",
      phone: "+44 1632 960001",
      email: `desk@${slug}.example`,
      hours: "every day, 07:00 to 22:00",
    },
    domains: ["target"],
    signingKey: signerOf(slug).publicKey,
    sealingKey: sealingKeyPair(bytesOf(`${slug} sealing`)).publicKey,
    legalBasis: "Invented Police Act, section 14",
    purposes: ["deconfliction of running investigations"],
    retentionDaysMax: 730,
    budget: { initial: 500_000, perDay: 20_000 },
    salts: [],
    ...changes,
  };
}
/** Stands for a seal, and has nothing in it. */
export function sealed(word: string): Uint8Array {
  return Uint8Array.from([1, 2, 3, 4].flatMap((part) => [...bytesOf(`${word} ${part}`)]));
}
export function healthIn(
  epoch: number,
  records: number,
  nowMs: number,
  changes: Partial<EpochHealth> = {},
): EpochHealth {
  return {
    epoch,
    records,
    published: records,
    digestAgreedMs: nowMs - 2 * MINUTE,
    canariesMet: 3,
    canariesExpected: 3,
    canariesMissing: [],
    obstacle: "",
    ...changes,
  };
}
