/**
 * The machine under a running program has failed it: a disk is full, a file is damaged or was taken away. Not an error of ours to wait
 * for or to answer with: what is in memory may be ahead of what is on the disk, so the program ends, and says this text. The message
 * names the file and the way out, and holds no value that a user or peer supplied.
 */
export class MachineFault extends Error {
  /** What is wrong with the file and the way out, without its name: fit for other parties too. */
  readonly reason: string;

  /** `file`: its path, and what is kept there. `reason` goes on with the sentence: "is damaged: put back a backup". */
  constructor(file: string, reason: string, options: { readonly cause: unknown }) {
    super(`${file} ${reason}`, options);
    this.reason = reason;
    this.name = "MachineFault";
  }
}
