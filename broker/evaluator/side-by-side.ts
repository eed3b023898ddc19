type Step<Request, Response> =
  | { readonly kind: "read"; readonly next: IteratorResult<Request> }
  | { readonly kind: "answered"; readonly answer: Response; readonly done: () => void };

/**
 * Works on up to `max` requests of a stream at once and yields each answer as soon as it is there, in no fixed order. The first
 * failure, of a request or of the stream, ends it.
 */
export async function* sideBySide<Request, Response>(
  requests: AsyncIterable<Request>,
  max: number,
  handle: (request: Request) => Promise<Response>,
): AsyncGenerator<Response, void, undefined> {
  type Pending = Promise<Step<Request, Response>>;
  const source = requests[Symbol.asyncIterator]();
  const working = new Set<Pending>();
  let reading: Pending | undefined;
  let ended = false;

  const read = async (): Pending => ({ kind: "read", next: await source.next() });
  const work = (request: Request): void => {
    const done = (): void => void working.delete(pending);
    const pending: Pending = handle(request).then((answer) => ({ kind: "answered", answer, done }));
    // Looked at below; until then a rejection is not unhandled.
    pending.catch(() => undefined);
    working.add(pending);
  };

  while (!ended || working.size > 0) {
    if (!ended && working.size < max) reading ??= read();
    const step = await Promise.race(reading === undefined ? working : [reading, ...working]);
    if (step.kind === "answered") {
      step.done();
      yield step.answer;
      continue;
    }
    reading = undefined;
    if (step.next.done === true) ended = true;
    else work(step.next.value);
  }
}
