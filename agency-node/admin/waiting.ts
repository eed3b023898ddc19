/** An act that cannot go on until others have done their part. Nothing is wrong: the same command goes on where it stopped. */
export class Waiting extends Error {
  /** One line each, in plain words: what is missing, and who runs which command. */
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join(" "));
    this.name = "Waiting";
    this.lines = lines;
  }
}
