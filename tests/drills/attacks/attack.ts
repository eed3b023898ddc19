/** What all attacks share. Each is carried out by the same function in the drill and, shorter, in the tests. */
import type { Subject } from "../../../agency-node/core/record.ts";

export type Options = {
  /** With the numbers that are promised; otherwise with as few as show the same. */
  readonly long: boolean;
  /** The list that somebody knows. Default: invented. */
  readonly list?: readonly Subject[] | undefined;
};

export type Outcome = {
  /** The promise was kept. */
  readonly held: boolean;
  /** What was measured. */
  readonly figure: Readonly<Record<string, number>>;
};

export type Attack = {
  readonly name: string;
  carryOut(options: Options): Promise<Outcome>;
};
