/**
 * Parts that have to tell each other something and cannot be made one after the other: one says it here, and `assemble` states in one list
 * who hears it.
 */
class Bell {
  readonly #listeners: (() => void)[] = [];

  /** All listeners hear it, in the order in which they were named, before this returns. */
  readonly ring = (): void => {
    for (const listener of this.#listeners) listener();
  };

  heardBy(...listeners: readonly (() => void)[]): void {
    this.#listeners.push(...listeners);
  }
}

/** What parts say to others that are made after them. */
export class Told {
  /** Something is in the outbox, on disk. */
  readonly appended = new Bell();
  /** Rows of the outbox have their receipts, on disk. */
  readonly settled = new Bell();
  /** There are records to prepare. */
  readonly stored = new Bell();
  /** Records are ready to be sent. */
  readonly prepared = new Bell();
  /** There are records to send again. */
  readonly repaired = new Bell();
  /** Something has changed that administrators wait for. */
  readonly news = new Bell();
  /** What waited goes out under a new incarnation. */
  readonly startedOver = new Bell();
}
