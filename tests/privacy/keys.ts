/** The secrets that parties keep in files, and those that are made of them, as needles to look for elsewhere. */
import { createPrivateKey } from "node:crypto";
import { shake256 } from "@noble/hashes/sha3.js";
import { openSalts } from "../../agency-node/core/salts.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import { readSealingKeys } from "../../shared/party/keys.ts";
import type { TestFederation, UnitName } from "../support/federation.ts";
import { files } from "./evidence.ts";
import { needlesOfBytes, needlesOfText } from "./search.ts";
import type { Needle } from "./search.ts";

const EPOCH = 1;

/** The salts that a unit's keys open. */
export function saltsOf(federation: TestFederation, unit: UnitName): ReadonlyMap<Domain, SaltKey> {
  const sealingKeys = [readSealingKeys(federation.dir(unit))];
  const holder = { federation: federation.founded.federation, member: federation.member(unit), sealingKeys };
  return openSalts(holder, EPOCH);
}

/** Needles of every file under any party's keys/, named by the file's path. */
export function keyNeedles(federation: TestFederation): Needle[] {
  return files(federation)
    .filter(({ place }) => place.includes("/keys/"))
    .flatMap(({ place, bytes }) => needlesOfFile(place, bytes));
}

function needlesOfFile(place: string, bytes: Uint8Array): Needle[] {
  const derived = place.includes("sealing") ? xwingHalves(bytes) : [];
  if (bytes.length === 32) return [bytes, ...derived].flatMap((each) => needlesOfBytes(place, each));
  const text = Buffer.from(bytes).toString("utf8");
  if (text.includes("PRIVATE KEY")) return needlesOfPem(place, text);
  // NATS seeds: user, account, operator.
  const seed = /S[UAO][A-Z2-7]{56}/.exec(text)?.[0];
  if (seed === undefined) throw new Error(`${place} holds a kind of key that is not looked for`);
  return needlesOfText(place, seed);
}

/** What X-Wing makes of its seed: ML-KEM-768's seed and the X25519 secret. */
function xwingHalves(seed: Uint8Array): Uint8Array[] {
  const expanded = shake256(seed, { dkLen: 96 });
  return [expanded.slice(0, 64), expanded.slice(64)];
}

/** The number itself, and the line of the file that holds most of it: the line before is broken in its middle. */
function needlesOfPem(place: string, pem: string): Needle[] {
  const { d } = createPrivateKey(pem).export({ format: "jwk" });
  const line = pem.split("\n")[2] ?? "";
  return [...needlesOfBytes(place, Buffer.from(d ?? "", "base64url")), ...needlesOfText(place, line)];
}
