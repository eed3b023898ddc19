/** Streams of events, as a browser reads them. */

export type ServerEvent = { readonly event: string; readonly data: string };

/** What a stream of events sends, one by one. */
export class Events implements AsyncDisposable {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #buffer = "";

  constructor(response: Response) {
    this.response = response;
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
  }

  /** Undefined once the server has closed the stream. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#buffer.slice(0, end).split("\n");
        this.#buffer = this.#buffer.slice(end + 2);
        const valuesOf = (name: string): string[] =>
          lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
        return { event: valuesOf("event").join(""), data: valuesOf("data").join("\n") };
      }
      const { done, value } = await this.#reader.read().catch(() => ({ done: true, value: undefined }) as const);
      if (done) return undefined;
      this.#buffer += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event of that name. */
  async nextOf(name: string): Promise<ServerEvent | undefined> {
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      if (event.event === name) return event;
    }
    return undefined;
  }

  /** All that still comes, until the server closes. */
  async rest(): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}
