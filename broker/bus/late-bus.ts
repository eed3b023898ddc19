/** The bus before its first connection stands: whatever is asked of it waits for that. */
import type { Bus, BusConnector, BusMessage, StreamState } from "../../shared/bus/bus.ts";
import { CausewayError } from "../../shared/core/errors.ts";

export class LateBus implements Omit<Bus, "streamSettings"> {
  readonly #first = Promise.withResolvers<Bus>();
  readonly #listeners = new Set<() => void>();
  #isConnected = (): boolean => false;

  constructor() {
    // Whoever asks something of the bus gets its failure; nobody has to.
    this.#first.promise.catch(() => undefined);
  }

  get connected(): boolean {
    return this.#isConnected();
  }

  /** `listener`: the connection was lost and is back; what the server had may be gone. */
  onReconnect(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Once. Resolves when the first connection stands. Throws as the connector does; then so does whatever is asked. */
  async connect(connector: BusConnector, signal: AbortSignal): Promise<void> {
    const onReconnect = (): void => this.#listeners.forEach((listener) => listener());
    try {
      const bus = await connector({ signal, onReconnect });
      this.#isConnected = () => bus.connected;
      this.#first.resolve(bus);
    } catch (error) {
      this.#first.reject(error);
      throw error;
    }
  }

  async publish(...message: Parameters<Bus["publish"]>): Promise<void> {
    await (await this.#first.promise).publish(...message);
  }

  async *consume(...from: Parameters<Bus["consume"]>): AsyncGenerator<BusMessage> {
    yield* (await this.#first.promise).consume(...from);
  }

  async append(...message: Parameters<Bus["append"]>): Promise<number> {
    return await (await this.#first.promise).append(...message);
  }

  async *replay(...from: Parameters<Bus["replay"]>): AsyncGenerator<BusMessage> {
    yield* (await this.#first.promise).replay(...from);
  }

  async streamState(stream: string): Promise<StreamState | undefined> {
    return await (await this.#first.promise).streamState(stream);
  }

  async purgeBefore(...range: Parameters<Bus["purgeBefore"]>): Promise<void> {
    await (await this.#first.promise).purgeBefore(...range);
  }

  async ensureStream(...settings: Parameters<Bus["ensureStream"]>): Promise<void> {
    await (await this.#first.promise).ensureStream(...settings);
  }

  async ensureConsumer(...consumer: Parameters<Bus["ensureConsumer"]>): Promise<void> {
    await (await this.#first.promise).ensureConsumer(...consumer);
  }

  async purge(...messages: Parameters<Bus["purge"]>): Promise<number> {
    return await (await this.#first.promise).purge(...messages);
  }

  async deleteStream(stream: string): Promise<void> {
    await (await this.#first.promise).deleteStream(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#first.reject(new CausewayError("UNAVAILABLE", "the program is stopping"));
    await (await this.#first.promise.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
