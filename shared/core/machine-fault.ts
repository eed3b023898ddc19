/**
 * The machine under a running program has failed it: a disk is full, a file is damaged or was taken away. Not an error of ours to wait
 * for or to answer with: what is in memory may be ahead of what is on the disk, so the program ends, and says this text. The message
 * names the file and the way out, and holds no value that a user or peer supplied.
 */
export class MachineFault extends Error {
  constructor(message: string, options: { readonly cause: unknown }) {
    super(message, options);
    this.name = "MachineFault";
  }
}
