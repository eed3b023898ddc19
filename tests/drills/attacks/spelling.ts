/** Letters that nobody sees or that look like others, and fields that are multiplied with each other. */
import type { Subject } from "../../../agency-node/core/record.ts";
import { IDENTIFIERS_BEFORE_CAPS_MAX } from "../../../agency-node/linkage/bounds.ts";
import { comparableOf } from "../../../agency-node/linkage/identifiers.ts";
import { coreSeconds } from "../../bench/measure.ts";
import { crossed, gradingBetween, INVISIBLE, person } from "../../linkage/subjects.ts";
import type { Options, Outcome } from "./attack.ts";

const NAME = "Zdenka Musterova";
const FACTS = { birthDates: ["1984-03-12"] };
/** The same to the eye: Cyrillic and Greek letters, full width, a letter and its mark apart. */
const LOOK_ALIKES = ["Zdеnkа Mustеrоvа", "Zdenka Musterovа", "Zdenκα Musterova", "Ｚｄｅｎｋａ Musterova"];

export async function disguise(): Promise<Outcome> {
  const plain = person(NAME, FACTS);
  const { grade } = gradingBetween(plain, plain);
  const met = (name: string): boolean => gradingBetween(plain, person(name, FACTS)).grade === grade;
  const hidden = [...INVISIBLE].flatMap((letter) =>
    Array.from({ length: NAME.length + 1 }, (_, at) => NAME.slice(0, at) + letter + NAME.slice(at)),
  );
  const figure = {
    hidden: hidden.length,
    hiddenMet: hidden.filter(met).length,
    lookAlikes: LOOK_ALIKES.length,
    lookAlikesMet: LOOK_ALIKES.filter(met).length,
  };
  return { held: figure.hiddenMet === hidden.length && figure.lookAlikesMet === LOOK_ALIKES.length, figure };
}

/** 3,000 dates with 3,000 addresses. A node that multiplied them first would stand still for seconds. */
export async function multiply({ long }: Options): Promise<Outcome> {
  const values = long ? 3_000 : 1_000;
  const { birthDates, addresses } = crossed(values);
  const subject: Subject = person(NAME, { birthDates, addresses });
  let made = 0;
  const seconds = coreSeconds(() => {
    const { identifiers, dropped } = comparableOf(subject);
    made = identifiers.length + dropped;
  });
  const figure = { dates: values, addresses: values, identifiers: made, bound: IDENTIFIERS_BEFORE_CAPS_MAX, seconds };
  return { held: made <= IDENTIFIERS_BEFORE_CAPS_MAX && seconds < SECONDS_MAX, figure };
}

const SECONDS_MAX = 2;
