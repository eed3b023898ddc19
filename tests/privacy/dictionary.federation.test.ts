/**
 * The dictionary attack (protocol sections 2 and 11): somebody has all that the broker has, and every evaluator's key share, and
 * tries every phone number of a range. Without a salt nothing may come of it; with one the documented limit is real, which also
 * shows that the attack is carried out correctly.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeIdentifier } from "../../agency-node/linkage/identifiers.ts";
import { toHex, u64, utf8 } from "../../shared/core/bytes.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { recipientKeyOf } from "../../shared/crypto/seal.ts";
import { tagger } from "../../shared/crypto/token.ts";
import { readKeyShare } from "../../shared/party/keys.ts";
import { verifyMessage } from "../../shared/wire/envelope.ts";
import { Submission } from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import { TestFederation } from "../support/federation.ts";
import { files, logs, messages, opened, rows } from "./evidence.ts";
import type { StreamMessage } from "./evidence.ts";
import { confirmKeyUnder, hardenAlone, pointOf, tokenUnder } from "./guessing.ts";
import { saltsOf } from "./keys.ts";
import { search } from "./search.ts";
import type { Haystack, Needle } from "./search.ts";
import { LONG_MS } from "../support/patience.ts";

/** +44 7700 900000 to 900999: reserved for drama, so nobody's number. */
const RANGE = Array.from({ length: 1_000 }, (_, i) => `+447700900${String(i).padStart(3, "0")}`);
const IN_TARGET = ["+447700900123", "+447700900456"];
const IN_PROTECTED = ["+447700900321"];

const person = (id: string, name: string, phone: string, role: string): string =>
  `${JSON.stringify({ id, schema: "Person", properties: { name: [name], phone: [phone], "causeway:role": [role] } })}\n`;

type Key = { readonly name: string; readonly bytes: Uint8Array | null };

let federation: TestFederation;
let dump: Haystack[];
let shares: Uint8Array[];
/** Of all records that were published, as the broker sees them. */
let binders: Uint8Array[];

beforeAll(async () => {
  federation = await TestFederation.start();
  await federation.import(
    "ct",
    person("A-1", "Ilse Vormann", "+447700900123", "suspect") + person("A-2", "Odo Brandt", "+447700900456", "suspect"),
  );
  await federation.import("wcu", person("B-1", "Tomas Kellner", "+447700900123", "associate"));
  await federation.import("thb", person("C-1", "Runa Aldous", "+447700900321", "victim"));
  await federation.settled();
  const broker = (heap: Haystack): boolean => heap.place.startsWith("broker/");
  const submissions = (await messages(federation)).filter(({ kind }) => kind === "submission");
  const inside = opened(submissions);
  dump = [...inside, ...rows(federation).filter(broker), ...files(federation).filter(broker), ...logs(federation)];
  binders = submissions.flatMap(bindersIn);
  shares = ["broker", "key-office"].map((party) => readKeyShare(federation.dir(party)));
}, LONG_MS);

afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

const encoded = (phone: string): Uint8Array => encodeIdentifier({ kind: "link.phone", fields: [phone] });

const hardened = new Map<string, Uint8Array>();

/** Of both shares; each number is hardened once for all attacks. */
function yOf(x: Uint8Array): Uint8Array {
  const key = toHex(x);
  const y = hardened.get(key) ?? hardenAlone(shares, x);
  hardened.set(key, y);
  return y;
}

/** Phones of the range of which the dump holds what `attack` makes of them. */
function found(attack: (phone: string, x: Uint8Array) => readonly Uint8Array[], heaps = dump): string[] {
  const needles = RANGE.flatMap((phone) =>
    attack(phone, encoded(phone)).flatMap((bytes): Needle[] => [
      { what: phone, spelling: "raw", bytes },
      { what: phone, spelling: "hex", bytes: utf8(toHex(bytes)) },
    ]),
  );
  return [...new Set(search(needles, heaps).map(({ what }) => what))].toSorted();
}

/** The first half of anything longer: a token has 16 bytes. */
const short = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 16);

const unkeyed = (bytes: Uint8Array): Uint8Array[] => [
  blake2b(16, bytes),
  short(blake2b(32, bytes)),
  ...["md5", "sha1", "sha256", "sha512"].map((name) => short(createHash(name).update(bytes).digest())),
];

const tokensUnder = (keys: readonly Key[], y: Uint8Array): Uint8Array[] =>
  keys.flatMap(({ bytes }) => DOMAINS.map((domain) => tokenUnder(bytes, domain, y)));

/** Whatever the broker could take for the salt: constants, the epoch, and every 32 bytes in its files and the chain. */
function guessedSalts(): Key[] {
  const { federation: state, fingerprint } = federation.founded;
  const [epoch] = state.epochs.values();
  const ownKeys = files(federation).filter(
    ({ place, bytes }) => place.startsWith("broker/keys/") && bytes.length === 32,
  );
  const evaluators = state.found.evaluators.flatMap(({ signingKey, sharePublicKey }) => [signingKey, sharePublicKey]);
  const members = [...state.members.values()].flatMap(({ signingKey, sealingKey }) => [
    signingKey,
    recipientKeyOf(sealingKey),
  ]);
  const publicValues = [
    fingerprint,
    state.head.hash,
    state.found.broker.signingKey,
    recipientKeyOf(epoch!.brokerSealingKey),
    ...epoch!.salts.map(({ commitment }) => commitment),
    ...evaluators,
    ...members,
  ];
  const constants = [
    null,
    new Uint8Array(32),
    padded(u64(1), "end"),
    padded(u64(1), "start"),
    padded(utf8("1"), "start"),
  ];
  const texts = ["causeway", "salt", "target", "protected", "1"].map((text) => blake2b(32, utf8(text)));
  const all = [
    ...constants,
    ...texts,
    padded(state.id, "start"),
    ...publicValues,
    ...shares,
    ...ownKeys.map(({ bytes }) => bytes),
  ];
  return all.map((bytes, i) => ({ name: `guess ${i}`, bytes }));
}

function padded(bytes: Uint8Array, at: "start" | "end"): Uint8Array {
  const whole = new Uint8Array(32);
  whole.set(bytes, at === "start" ? 0 : 32 - bytes.length);
  return whole;
}

const saltOf = (domain: Domain): Key => ({ name: domain, bytes: saltsOf(federation, "wcu").get(domain)! });

describe("the broker's dump with every evaluator's key share, and no salt", () => {
  it("holds no plain hash of a number, of its identifier, or of its point", () => {
    const plain = found((phone, x) =>
      [utf8(phone), utf8(phone.slice(1)), x, pointOf(x)].flatMap((bytes) => [short(bytes), ...unkeyed(bytes)]),
    );
    expect(plain).toEqual([]);
  });

  it("holds neither y nor a part or hash of it", () => {
    const fallen = found((_, x) => {
      const y = yOf(x);
      return [0, 16, 32, 48].map((at) => y.subarray(at, at + 16)).concat(unkeyed(y));
    });
    expect(fallen).toEqual([]);
  });

  it("gives no number to any salt that could be guessed", () => {
    const keys = guessedSalts();
    expect(keys.length).toBeGreaterThan(25);
    expect(found((_, x) => tokensUnder(keys, yOf(x)))).toEqual([]);
  });

  it("gives no number by the tags of tokens", () => {
    const keys = guessedSalts().flatMap(({ bytes }) => (bytes === null ? [] : [bytes]));
    expect(found((_, x) => tagsUnder(keys, yOf(x)))).toEqual([]);
  });
});

describe("the same dump with one more thing", () => {
  it("a member's salt: exactly the numbers of its domain fall, which is the documented limit", () => {
    expect(found((_, x) => tokensUnder([saltOf("target")], yOf(x)))).toEqual(IN_TARGET);
    expect(found((_, x) => tokensUnder([saltOf("protected")], yOf(x)))).toEqual(IN_PROTECTED);
    expect(found((_, x) => tagsUnder([saltOf("target").bytes!], yOf(x)))).toEqual(IN_TARGET);
  });

  it("a salt of one domain opens nothing of another", () => {
    const crossed = (salt: Domain, domain: Domain): string[] =>
      found((_, x) => [tokenUnder(saltOf(salt).bytes, domain, yOf(x))]);
    expect(crossed("target", "protected")).toEqual([]);
    expect(crossed("protected", "target")).toEqual([]);
  });

  it.each(["broker", "key-office"])("a salt, but only the key share of %s: nothing", (party) => {
    const one = [readKeyShare(federation.dir(party))];
    const salts = [saltOf("target"), saltOf("protected")];
    expect(found((_, x) => tokensUnder(salts, hardenAlone(one, x)))).toEqual([]);
  });

  it("a salt, and no key share: nothing", () => {
    const salts = [saltOf("target"), saltOf("protected")];
    const wide = (x: Uint8Array): Uint8Array => createHash("sha512").update(x).digest();
    expect(found((_, x) => [...tokensUnder(salts, wide(x)), ...tokensUnder(salts, x)])).toEqual([]);
  });
});

/** The tags that each record would have been published with if it held the number. */
function tagsUnder(keys: readonly Uint8Array[], y: Uint8Array): Uint8Array[] {
  const { id } = federation.founded.federation;
  const confirmKeys = keys.map((key) => confirmKeyUnder(key, "target", y));
  return binders.flatMap((binder) => confirmKeys.map(tagger({ federation: id, epoch: 1, binder })));
}

function bindersIn({ unit, opened: signed }: StreamMessage): Uint8Array[] {
  const { id, members } = federation.founded.federation;
  const signingKey = members.get(federation.member(unit))?.signingKey;
  const { payload } = verifyMessage(signed, { federation: id, type: "submission" }, () => signingKey);
  const { body } = Submission.decode(payload);
  const entries = body?.$case === "publication" ? body.value.entries : [];
  return entries.flatMap(({ operation }) => (operation?.$case === "upsert" ? [operation.value.binder] : []));
}

describe("the attack", () => {
  it("was made on a dump that holds all that was published", () => {
    expect(binders.length).toBeGreaterThanOrEqual(4);
    expect(dump.some(({ place }) => place === join("broker", "keys", "share.key"))).toBe(true);
  });

  it("finds the numbers of members that forgot the salt, or took one that can be guessed", () => {
    const [hashed, unsalted, byEpoch] = ["+447700900001", "+447700900002", "+447700900003"].map(encoded);
    const weak = [
      blake2b(16, hashed!),
      tokenUnder(null, "target", yOf(unsalted!)),
      tokenUnder(padded(u64(1), "end"), "target", yOf(byEpoch!)),
    ].map((bytes) => ({ place: "a weak dump", bytes }));
    const keys = guessedSalts();
    const attack = (_: string, x: Uint8Array): Uint8Array[] => [...unkeyed(x), ...tokensUnder(keys, yOf(x))];
    expect(found(attack, weak)).toEqual(["+447700900001", "+447700900002", "+447700900003"]);
  });
});
