/**
 * One party at several addresses, of which one answers: the machine of a broker and that of its standby, which refuses every call with
 * UNAVAILABLE. Each address has a channel of its own; calls go to the one that answered last, and on to the next when nobody who
 * proves to be the party is there, or it is not active.
 */
import { Channel, connectivityState } from "@grpc/grpc-js";
import type { ChannelCredentials, ChannelOptions } from "@grpc/grpc-js";
import type { CallOptions, ClientMiddlewareCall } from "nice-grpc";
import { addressesIn } from "../core/addresses.ts";
import { isCausewayError } from "../core/errors.ts";
import { systemClock } from "../world/clock.ts";

type CallArguments = Parameters<Channel["createCall"]>;
type WatchArguments = Parameters<Channel["watchConnectivityState"]>;

/** A machine that is switched off says nothing at all: after so long the next address is tried. */
const CONNECT_MS_MAX = 2_000;
const SOCKET_PREFIX = "unix:";

export class PartyChannel implements Pick<Channel, keyof Channel> {
  readonly #address: () => string;
  readonly #open: (address: string) => Channel;
  readonly #channels = new Map<string, Channel>();
  #text = "";
  #addresses: readonly string[] = [];
  #current = 0;
  #closed = false;

  /** `address`: asked before each call; host:port, several of them (see `shared/core/addresses.ts`), or a Unix socket as grpc-js takes it. */
  constructor(address: () => string, credentials: ChannelCredentials, options: ChannelOptions) {
    this.#address = address;
    this.#open = (at) => new Channel(at, credentials, options);
  }

  /** How many addresses the party has now. */
  get count(): number {
    this.#look();
    return this.#addresses.length;
  }

  /** The address that calls go to now. */
  get at(): string {
    this.#look();
    return this.#addresses[this.#current] as string;
  }

  /** Whether whoever is at this address is connected and has proven to be the party. */
  isConnected(address: string): boolean {
    return this.#channels.get(address)?.getConnectivityState(false) === connectivityState.READY;
  }

  /** Looks for an address at which the party is, from the present one on. When there is none, the call that follows says why. */
  async settle(signal: AbortSignal | undefined): Promise<void> {
    for (let tried = 0; tried < this.count; tried += 1) {
      const { at } = this;
      if (signal?.aborted === true) return;
      if (await connected(this.#channelAt(at), signal)) return;
      this.leave(at);
    }
  }

  /** Calls go on to the address after this one. */
  leave(address: string): void {
    if (address === this.at) this.#current = (this.#current + 1) % this.#addresses.length;
  }

  createCall(...call: CallArguments): ReturnType<Channel["createCall"]> {
    return this.#channelAt(this.at).createCall(...call);
  }

  getTarget(): string {
    return this.#channelAt(this.at).getTarget();
  }

  getConnectivityState(tryToConnect: boolean): connectivityState {
    return this.#channelAt(this.at).getConnectivityState(tryToConnect);
  }

  watchConnectivityState(...watch: WatchArguments): void {
    this.#channelAt(this.at).watchConnectivityState(...watch);
  }

  getChannelzRef(): ReturnType<Channel["getChannelzRef"]> {
    return this.#channelAt(this.at).getChannelzRef();
  }

  close(): void {
    this.#closed = true;
    for (const channel of this.#channels.values()) channel.close();
  }

  /** Calls in progress go on where they are, as long as somebody answers there. */
  #look(): void {
    const text = this.#address();
    if (text === this.#text) return;
    const before = this.#addresses[this.#current];
    this.#text = text;
    this.#addresses = text.startsWith(SOCKET_PREFIX) ? [text] : addressesIn(text);
    this.#current = Math.max(0, this.#addresses.indexOf(before ?? ""));
    for (const [address, channel] of this.#channels) {
      if (this.#addresses.includes(address)) continue;
      channel.close();
      this.#channels.delete(address);
    }
  }

  #channelAt(address: string): Channel {
    const known = this.#channels.get(address);
    if (known !== undefined) return known;
    const channel = this.#open(address);
    this.#channels.set(address, channel);
    // A call after that fails as with a channel of grpc-js.
    if (this.#closed) channel.close();
    return channel;
  }
}

/** Whether it connects, at once or within `CONNECT_MS_MAX`. */
async function connected(channel: Channel, signal: AbortSignal | undefined): Promise<boolean> {
  const deadline = systemClock() + CONNECT_MS_MAX;
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return true;
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return false;
    if (!(await changed(channel, state, deadline, signal))) return false;
  }
}

async function changed(
  channel: Channel,
  state: connectivityState,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const stop = (): void => resolve(false);
  if (signal?.aborted === true) return false;
  signal?.addEventListener("abort", stop, { once: true });
  channel.watchConnectivityState(state, deadline, (error) => resolve(error === undefined));
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * (client) Makes each call where the party is active. Only what was refused with UNAVAILABLE over a connection that still stands is asked
 * again at another address: a call whose connection broke may have been carried out, which its caller decides about.
 */
export function tryingEach(channel: PartyChannel) {
  return async function* addressMiddleware<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ): AsyncGenerator<Response, Response | void, undefined> {
    for (let left = channel.count; ; left -= 1) {
      if (channel.count > 1) await channel.settle(options.signal);
      const { at } = channel;
      let began = false;
      try {
        const answers = call.next(call.request as Request, options);
        if (!call.responseStream) return yield* answers;
        for await (const answer of answers) {
          began = true;
          yield answer;
        }
        return;
      } catch (error) {
        if (!isCausewayError(error, "UNAVAILABLE")) throw error;
        const isRefused = channel.isConnected(at) && options.signal?.aborted !== true;
        channel.leave(at);
        if (began || call.requestStream || !isRefused || left <= 1) throw error;
      }
    }
  };
}
