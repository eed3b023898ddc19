/**
 * Piece by piece: a unit whose node is tampered with publishes records that hold one identifier each, of every kind of the scheme, about
 * persons and things that another unit holds, and never states what it met. Whatever it gets an answer to, the other unit's officer sees.
 */
import type { Layout } from "../../../agency-node/core/publication.ts";
import type { Subject } from "../../../agency-node/core/record.ts";
import { identifiersOf } from "../../../agency-node/linkage/identifiers.ts";
import type { KindName } from "../../../agency-node/linkage/scheme.ts";
import { classOf } from "../../../agency-node/linkage/scheme.ts";
import { byClass } from "../../../shared/core/data-plane.ts";
import type { Upsert } from "../../../shared/core/data-plane.ts";
import { TOKEN_BYTES } from "../../../shared/crypto/token.ts";
import { inventedPersons } from "../../eval/invented-persons.ts";
import { isStatement, listed, tamperWith, tamperWithRecords } from "../../sim/asking.ts";
import { foundInMemory } from "../../sim/federation.ts";
import type { MemoryFederation } from "../../sim/federation.ts";
import type { Options, Outcome } from "./attack.ts";

const QUESTIONS = { long: 1_000, short: 120 };
const POOL = { long: 1_500, short: 150 };

/** What the attacker asks: of what it knows of this subject, the `nth` identifier of that kind. */
type Question = { readonly subject: Subject; readonly kind: KindName; readonly nth: number };

export async function askPieceByPiece({ long }: Options): Promise<Outcome> {
  const questions = questionsAbout(poolOf(long ? POOL.long : POOL.short), long ? QUESTIONS.long : QUESTIONS.short);
  const subjects = [...new Set([...questions.values()].map(({ subject }) => subject))];
  await using federation = await foundInMemory({
    seed: "piece by piece",
    units: { asker: ["target"], holder: ["target"] },
  });
  const asked = new Map<string, KindName>();
  const { store, standings, outbox } = federation.unit("asker").node;
  tamperWith(federation, "asker", (body) => {
    if (isStatement(body)) return undefined;
    return tamperWithRecords(body, (entry) => {
      const { reference } = store.byHandle(entry.handle)!.record;
      const { layout } = standings.publication(entry.handle, outbox.next())!;
      const question = questions.get(reference)!;
      asked.set(entry.handle, question.kind);
      return alone(entry, { ...question, layout, random: federation.world.randomBytes });
    });
  });
  federation.hold("holder", new Map(subjects.map((subject, i) => [`H-${i}`, subject])));
  await federation.settled();
  federation.hold("asker", new Map([...questions].map(([reference, { subject }]) => [reference, subject])));
  await federation.settled();
  return outcomeOf(federation, asked);
}

function outcomeOf(federation: MemoryFederation, asked: ReadonlyMap<string, KindName>): Outcome {
  // A meeting without a grade would be in the list too, and be passed over.
  const graded = listed(federation, "holder").filter(({ grading }) => grading.grade !== "none");
  const shown = new Set(graded.map(({ matchId }) => matchId));
  const answers = federation.unit("asker").node.inbox.matches();
  const unseen = answers.filter(({ matchId }) => !shown.has(matchId));
  const figure = {
    questions: asked.size,
    kinds: new Set(asked.values()).size,
    ofSupport: [...asked.values()].filter((kind) => classOf(kind) === "support").length,
    answered: new Set(answers.map(({ handle }) => handle)).size,
    answeredUnseen: new Set(unseen.map(({ handle }) => handle)).size,
  };
  return { held: figure.answeredUnseen === 0 && figure.answered > 0, figure };
}

/** The entry with one real token left, and noise in the place of all others. */
function alone(
  entry: Upsert,
  of: Omit<Question, "subject"> & { readonly layout: Layout; readonly random: (bytes: number) => Uint8Array },
): Upsert {
  const kindClass = classOf(of.kind);
  const places = of.layout[kindClass].flatMap((each, place) => (each?.kind === of.kind ? [place] : []));
  const from = places[of.nth]! * TOKEN_BYTES;
  const tokens = byClass((tokenClass) => of.random(entry.tokens[tokenClass].length));
  tokens[kindClass].set(entry.tokens[kindClass].subarray(from, from + TOKEN_BYTES), from);
  return { ...entry, tokens };
}

/** Invented persons, some with an address, and one of everything else that can be published. */
function poolOf(persons: number): Subject[] {
  const addressed = inventedPersons(persons).map((person, i) =>
    i % 2 === 0 ? { ...person, addresses: [`${1 + (i % 90)} Sample Street, ${4_000 + (i % 900)} Testville`] } : person,
  );
  return [...THINGS, ...NAMESAKES, ...addressed];
}

/** One of each kind that there is, then others, under invented references. */
function questionsAbout(pool: readonly Subject[], count: number): Map<string, Question> {
  const kinds = new Set<string>();
  const [first, others]: [Question[], Question[]] = [[], []];
  for (const subject of pool) {
    const ofSubject = new Map<string, number>();
    for (const { kind } of identifiersOf(subject)) {
      const nth = ofSubject.get(kind) ?? 0;
      ofSubject.set(kind, nth + 1);
      (kinds.has(kind) ? others : first).push({ subject, kind, nth });
      kinds.add(kind);
    }
  }
  return new Map([...first, ...others].slice(0, count).map((question, i) => [`Q-${i}`, question]));
}

const THINGS: readonly Subject[] = [
  {
    kind: "organisation",
    names: [full("Beispiel Handels GmbH")],
    countries: ["DE"],
    registrations: [number("HRB 4711")],
  },
  { kind: "organisation", registrations: [{ number: "HRB 4712", country: "DE" }] },
  { kind: "vehicle", vins: ["1HGCM82633A004352"], plates: [{ number: "AB123CD", country: "FR" }] },
  { kind: "vehicle", plates: [number("QX456YZ")] },
  { kind: "vessel", imos: ["9074729"], mmsis: ["211331640"] },
  { kind: "device", imeis: ["490154203237518"], imsis: ["001010123456789"], phones: [{ text: "+447700900123" }] },
  { kind: "account", ibans: ["GB82WEST12345698765432"], emails: ["muster@example.org"] },
  { kind: "account", handles: [{ platform: "telegram", id: "invented_one" }] },
  { kind: "account", wallets: [{ chain: "bitcoin", address: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT" }] },
  { kind: "place", addresses: ["12 Sample Street, 4011 Testville"] },
];

/** Namesakes of many, of whom little is known: what alone says least. */
const NAMESAKES = [
  "Mohammed Ali",
  "Mohammed Ahmed Ali",
  "Ahmed Hassan Mohammed",
  "Mohammed Ali Hussein",
  "Ali Khan",
].map((name, i): Subject => ({
  kind: "person",
  names: [full(name)],
  birthDates: i % 2 === 0 ? ["1980"] : ["1981-03-24"],
  birthPlaces: ["Testville"],
  countries: ["IQ"],
  addresses: [`${i + 1} Other Road, 4012 Testville`],
  documents: [{ type: "other", number: `48629${i}` }],
  references: [{ system: "unhcr", number: `INVENTED-${i}` }],
}));

function full(text: string) {
  return { text, strength: "full" } as const;
}

function number(text: string) {
  return { number: text };
}
