/** A bus that connects when it is told to. Whatever is asked of it before its first connection stands waits for that. */
import { CausewayError } from "../../shared/core/errors.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import type { BusMessage, Bus } from "../../shared/bus/bus.ts";
import type { NatsOptions } from "../../shared/platform/nats.ts";
import type { BrokerBus } from "../ports.ts";

export class LateBus implements BrokerBus, AsyncDisposable {
  readonly #first = Promise.withResolvers<Bus>();
  readonly #listeners = new Set<() => void>();
  #isConnected: () => boolean = () => false;

  constructor() {
    // Whoever asks something of the bus gets its failure; nobody has to.
    this.#first.promise.catch(() => undefined);
  }

  /** Once. Resolves when the first connection stands. Throws as `connectNats`; then so does what was asked. */
  async connect(options: Omit<NatsOptions, "onReconnect">): Promise<this> {
    const onReconnect = (): void => this.#listeners.forEach((listener) => listener());
    try {
      const bus = await connectNats({ ...options, onReconnect });
      this.#isConnected = () => bus.connected;
      this.#first.resolve(bus);
    } catch (error) {
      this.#first.reject(error);
      throw error;
    }
    return this;
  }

  get connected(): boolean {
    return this.#isConnected();
  }

  onReconnect(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async publish(...message: Parameters<Bus["publish"]>): Promise<void> {
    await (await this.#first.promise).publish(...message);
  }

  async *consume(...from: Parameters<Bus["consume"]>): AsyncGenerator<BusMessage> {
    yield* (await this.#first.promise).consume(...from);
  }

  async *replay(stream: string): AsyncGenerator<BusMessage> {
    yield* (await this.#first.promise).replay(stream);
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
