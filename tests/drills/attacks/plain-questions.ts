/** Piece by piece at real servers, by a unit whose node is as it is: records that hold one fact, or one with a name, of what another unit holds. */
import { TestFederation } from "../../support/federation.ts";
import type { Outcome } from "./attack.ts";

const HIM: Readonly<Record<string, string>> = {
  name: "Arvo Quilbrand",
  birthDate: "1984-03-12",
  birthPlace: "Testville",
  nationality: "Jordan",
  address: "12 Sample Street, 4011 Testville",
  passportNumber: "N4177330",
  documentCountry: "Jordan",
  phone: "+44 7700 900123",
  email: "muster@example.org",
  plate: "AB123CD",
};

/** The fields of each question. */
const QUESTIONS = [
  "phone",
  "email",
  "plate",
  "passportNumber",
  "address",
  "name birthDate",
  "name nationality",
  "name address",
  "birthDate address",
  "name birthPlace",
  "name",
  "birthDate",
];

export async function askPlainly(): Promise<Outcome> {
  await using federation = await TestFederation.start();
  const fields = Object.keys(HIM);
  const row = (reference: string, asked: readonly string[]): string =>
    [reference, "person", ...fields.map((field) => (asked.includes(field) ? `"${HIM[field]}"` : ""))].join(",");
  const header = ["reference", "kind", ...fields].join(",");
  await federation.import("wcu", `${header}\n${row("WCU-1", fields)}\n`);
  await federation.settled();
  const rows = QUESTIONS.map((asked, i) => row(`ASK-${i}`, asked.split(" ")));
  await federation.import("ct", `${header}\n${rows.join("\n")}\n`);
  await federation.settled();
  const [answers, seen] = [await federation.matches("ct"), await federation.matches("wcu")];
  const shown = new Set(seen.filter(({ grade }) => grade !== "none").map(({ id }) => id));
  const figure = {
    questions: QUESTIONS.length,
    answered: new Set(answers.map(({ reference }) => reference)).size,
    answeredUnseen: answers.filter(({ id }) => !shown.has(id)).length,
  };
  return { held: figure.answeredUnseen === 0 && figure.answered > 0, figure };
}
