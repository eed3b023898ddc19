/** What members can learn from each other's messages, and from sizes and counts. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Submission, TokenSet } from "../../shared/core/data-plane.ts";
import { monthEnd } from "../../shared/core/days.ts";
import { SEAL_PADDING_BYTES, SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { SEAL_OVERHEAD_BYTES } from "../../shared/crypto/seal.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readSealingKeys, readSigningKeys } from "../../shared/party/keys.ts";
import { readBatch } from "../../shared/wire/delivery.ts";
import { openDelivery, openSubmission } from "../../shared/wire/data-plane.ts";
import { sealMessage, signMessage, verifyMessage } from "../../shared/wire/envelope.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix, submissionSubject } from "../../shared/wire/subjects.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { deliveries, messages } from "./evidence.ts";
import type { StreamMessage } from "./evidence.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const UNITS: readonly UnitName[] = ["ct", "thb", "wcu"];
const EPOCH = 1;

let federation: TestFederation;
let sent: StreamMessage[];

beforeAll(async () => {
  federation = await TestFederation.start({ tapped: true });
  await federation.import("ct", crowd(150) + person("CT-1", "Ilse Vormann", "+44 7700 900123"));
  await federation.import("wcu", person("WCU-1", "Tomas Kellner", "+44 7700 900123"));
  await federation.import("thb", person("THB-1", "Runa Aldous", "+44 7700 900321"));
  await federation.settled();
  sent = await messages(federation);
}, LONG_MS);

afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

function person(id: string, name: string, ...phone: string[]): string {
  const properties = { name: [name], birthDate: ["1979-04-21"], phone, "causeway:role": ["suspect"] };
  return `${JSON.stringify({ id, schema: "Person", properties })}\n`;
}

/** Invented people with up to eight phones each, from the range reserved for drama. */
function crowd(count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const phones = Array.from({ length: 1 + (i % 8) }, (_, j) => `+44 7700 900${200 + ((i + 7 * j) % 100)}`);
    const handles = Array.from({ length: i % 12 }, (_, j) => `telegram:invented_${i}_${j}`);
    const entity = JSON.parse(person(`CROWD-${i}`, `Jorik Anselmund${i} Vantreight`, ...phones)) as {
      properties: Record<string, string[]>;
    };
    entity.properties["causeway:handle"] = handles;
    return `${JSON.stringify(entity)}\n`;
  }).join("");
}

const federationId = (): Uint8Array => federation.founded.federation.id;
const brokerKey = (): Uint8Array => federation.founded.federation.epochs.get(EPOCH)!.brokerSealingKey;

const of = (unit: UnitName, kind: StreamMessage["kind"]): StreamMessage[] =>
  sent.filter((message) => message.unit === unit && message.kind === kind);

function deliveryScope(member: UnitName, keys: UnitName = member) {
  return {
    federation: federationId(),
    member: federation.member(member),
    keyPair: readSealingKeys(federation.dir(keys)),
    brokerSigningKey: federation.founded.federation.found.broker.signingKey,
  };
}

function submissionOf({ sealed }: StreamMessage): Submission {
  const members = [...federation.founded.federation.members.values()];
  const { submission } = openSubmission(sealed, {
    federation: federationId(),
    keyPair: readSealingKeys(federation.dir("broker"), EPOCH),
    signingKeyOf: (id) => members.find(({ signingKey }) => toHex(keyId(signingKey)) === id)?.signingKey,
  });
  return submission;
}

describe("a notice", () => {
  it("opens for the member it is for, and for no other key or member", () => {
    const notices = of("wcu", "delivery");
    const events = notices.map(({ sealed }) => openDelivery(sealed, deliveryScope("wcu")).delivery.body);
    const batches = events.flatMap((body) => (body.kind === "beat" ? body.notices : [])).map(readBatch);
    expect(batches.flatMap((batch) => batch.events.map(({ type }) => type))).toContain("counterpartDisclosed");
    for (const { sealed } of notices) {
      for (const scope of [deliveryScope("ct"), deliveryScope("wcu", "ct"), deliveryScope("ct", "wcu")]) {
        expect(() => openDelivery(sealed, scope)).toThrowError(expect.objectContaining({ code: "UNPROVEN" }));
      }
    }
  });
});

describe("a member that sends another's submission as its own", () => {
  const refusals = (): number => federation.log.lines("submission.unproven").length;

  async function sendAs(unit: UnitName, sealed: Uint8Array): Promise<void> {
    const member = federation.member(unit);
    const stop = new AbortController();
    await using bus = await connectNats({
      url: federation.natsUrl,
      creds: readNatsCredentials(federation.dir(unit)),
      roots: readTls(federation.dir(unit)).rootsPem,
      inboxPrefix: memberInboxPrefix(member),
      apiPrefix: MEMBER_API_PREFIX,
      name: "thief",
      signal: stop.signal,
      log: federation.log.for("thief"),
    });
    await bus.publish(submissionSubject(member, EPOCH), sealed, toHex(blake2b(32, sealed)));
  }

  const answered = (unit: UnitName): number => deliveries(federation).filter((each) => each.unit === unit).length;

  /** The broker answers what it believes, and logs what it does not. */
  async function fateOf(unit: UnitName, sealed: Uint8Array): Promise<"answered" | "refused"> {
    const before = { refusals: refusals(), answered: answered(unit) };
    await sendAs(unit, sealed);
    for (const deadline = Date.now() + SOON.timeout; Date.now() < deadline; await sleep(20)) {
      if (refusals() > before.refusals) return "refused";
      if (answered(unit) > before.answered) return "answered";
    }
    throw new Error("neither answered nor refused");
  }

  const publicationOf = (unit: UnitName): StreamMessage =>
    of(unit, "submission").find((message) => submissionOf(message).body.kind === "publication")!;

  /** The signed payload of a unit's publication, signed by another. */
  function signedBy(signer: UnitName, unit: UnitName): Uint8Array {
    const scope = { federation: federationId(), type: "submission" };
    const { signingKey } = federation.founded.federation.members.get(federation.member(unit))!;
    const { payload } = verifyMessage(publicationOf(unit).opened, scope, () => signingKey);
    return sealMessage(
      signMessage(payload, scope, readSigningKeys(federation.dir(signer))),
      brokerKey(),
      randomBytes(32),
    );
  }

  it("is refused, whether it sends the bytes as they are, sealed anew, or under its own signature", async () => {
    const { sealed, opened } = publicationOf("ct");
    const before = await federation.status("ct");
    for (const forged of [sealed, sealMessage(opened, brokerKey(), randomBytes(32)), signedBy("wcu", "ct")]) {
      expect(await fateOf("wcu", forged)).toBe("refused");
    }
    expect(await federation.status("ct")).toMatchObject({ records: before.records, openMatches: before.openMatches });
    // Its own, sealed anew, is answered: what was refused above was the name.
    expect(await fateOf("wcu", sealMessage(publicationOf("wcu").opened, brokerKey(), randomBytes(32)))).toBe(
      "answered",
    );
  });

  it("is refused in the other's stream too, where only the NATS operator could put it", async () => {
    expect(await fateOf("wcu", signedBy("ct", "wcu"))).toBe("refused");
    expect(await fateOf("wcu", signedBy("wcu", "wcu"))).toBe("answered");
  });
});

describe("sizes", () => {
  /** A whole number of steps and the seal, within the limit. */
  const isPadded = (length: number): boolean =>
    (length - SEAL_OVERHEAD_BYTES) % SEAL_PADDING_BYTES === 0 &&
    length > SEAL_OVERHEAD_BYTES &&
    length <= SEALED_BYTES_MAX;

  it("of all messages are steps of 1 KiB and at most 512 KiB", () => {
    expect(sent.length).toBeGreaterThan(20);
    expect(new Set(sent.map(({ sealed }) => sealed.length)).size).toBeGreaterThan(1);
    expect(sent.filter(({ sealed }) => !isPadded(sealed.length))).toEqual([]);
    const bare = sent.map(({ opened }) => opened.length + SEAL_OVERHEAD_BYTES);
    expect(bare.filter(isPadded).length).toBeLessThan(bare.length / 10);
  });

  const countsOf = (tokens: TokenSet): number[] => TOKEN_CLASSES.map((each) => tokens[each].length / 16);
  const isRound = (count: number): boolean => count >= 8 && Number.isInteger(Math.log2(count));

  it("of token classes are powers of two from eight, and review days are ends of months", () => {
    const entries = UNITS.flatMap((unit) => of(unit, "submission")).flatMap((message) => {
      const { body } = submissionOf(message);
      return body.kind === "publication" ? body.entries : [];
    });
    const upserts = entries.filter((entry) => entry.operation === "upsert");
    expect(upserts).toHaveLength(153);
    const counts = upserts.flatMap(({ tokens }) => countsOf(tokens));
    expect(new Set(counts).size).toBeGreaterThan(1);
    expect(counts.filter((count) => !isRound(count))).toEqual([]);
    expect(upserts.filter(({ reviewByDay }) => monthEnd(reviewByDay) !== reviewByDay)).toEqual([]);
    // Without padding the counts would be those of the records.
    expect([1, 3, 9, 12].filter(isRound)).toEqual([]);
  });
});

describe("a publication that meets nothing", () => {
  /** All that a member can see move. */
  async function seenBy(unit: UnitName): Promise<unknown> {
    const { notices, openMatches, unprovenMatches, directiveNumber } = await federation.status(unit);
    const inStreams = (await messages(federation)).filter((message) => message.unit === unit);
    const sizes = inStreams.map(({ kind, sealed }) => `${kind} ${sealed.length}`);
    return { notices, openMatches, unprovenMatches, directiveNumber, sizes };
  }

  it("changes nothing that another member can see, and one that meets does", async () => {
    const before = await seenBy("thb");
    await federation.import("ct", person("CT-2", "Odo Brandt", "+44 7700 900999"));
    await federation.settled();
    expect(await seenBy("thb")).toEqual(before);
    await federation.import("ct", person("CT-3", "Ruben Castell", "+44 7700 900321"));
    await federation.settled();
    expect(await seenBy("thb")).not.toEqual(before);
  });
});
