/** Who has the broker's dump and the list that a member published, and wants to know which record is who. */
import { inventedPersons, withNamesakes } from "../../eval/invented-persons.ts";
import { namingOf, RIGHT_BY_CHANCE_MAX, SINGLED_OUT_MAX } from "../../eval/exposure.ts";
import type { Naming } from "../../eval/exposure.ts";
import type { Options, Outcome } from "./attack.ts";

const PERSONS = { long: 2_500, short: 500 };

/** In a small publication fewer records look alike: of the short form's some 580 the attack names 0.9 to 1.5 %, without shared padding over 3 %. */
const SHORT_SINGLED_OUT_MAX = 0.025;

const measured = new WeakMap<Options, Promise<Naming>>();

/** One publication serves both attacks. */
function named(options: Options): Promise<Naming> {
  const { long, list = withNamesakes(inventedPersons(long ? PERSONS.long : PERSONS.short)) } = options;
  const naming = measured.get(options) ?? namingOf(list);
  measured.set(options, naming);
  return naming;
}

/** The order of publication is laid along the order of the list. */
export async function alignList(options: Options): Promise<Outcome> {
  const { alignment } = await named(options);
  return { held: alignment.right <= alignment.controlRight + RIGHT_BY_CHANCE_MAX, figure: alignment };
}

/** Counts, order, review month, handling, and which records share tokens. */
export async function singleOut(options: Options): Promise<Outcome> {
  const { jointSignature } = await named(options);
  const isSmall = !options.long && options.list === undefined;
  const most = isSmall ? SHORT_SINGLED_OUT_MAX : SINGLED_OUT_MAX;
  return { held: jointSignature.share <= most, figure: jointSignature };
}
