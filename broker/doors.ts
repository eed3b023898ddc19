/** Doors of a program: opened one after the other, closed in the reverse order. */
export class Doors implements AsyncDisposable {
  readonly #open: AsyncDisposable[] = [];
  #isClosing = false;

  /** Waits until a door stands open. One that opens after the closing began is closed at once. */
  async open<Door extends AsyncDisposable>(opening: Promise<Door>): Promise<Door> {
    const door = await opening;
    if (this.#isClosing) await door[Symbol.asyncDispose]();
    else this.#open.push(door);
    return door;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (let door = this.#open.pop(); door !== undefined; door = this.#open.pop()) await door[Symbol.asyncDispose]();
  }
}
