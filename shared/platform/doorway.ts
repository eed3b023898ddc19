/**
 * Bounds what strangers can hold of a server. To open a connection and say nothing takes no key, so whoever can reach the port could
 * have thousands and leave none for the parties. A connection is a stranger's until somebody on it has shown who calls; of strangers there
 * is room for so many, in all and from one address. When it is used up, one of them, drawn at random, gives way to the newcomer: a party
 * needs its place for the moment of a handshake, an idle stranger for ever. (The same idea as MaxStartups of OpenSSH's sshd.)
 *
 * Known weakness: whoever opens connections from a party's own address faster than handshakes end can still keep it out; that is the
 * firewall's to stop.
 */
import diagnostics from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { STRANGERS_MAX, STRANGERS_PER_ADDRESS_MAX } from "../core/limits.ts";
import { randomBytes } from "../world/random.ts";

/** Where a connection comes from: enough to find it again from within its TLS. */
type Origin = Pick<Socket, "remoteAddress" | "remotePort">;

/** One of `count`, from 0. */
type Draw = (count: number) => number;

export class Doorway {
  readonly #draw: Draw;
  readonly #strangers = new Map<string, Socket>();
  readonly #byAddress = new Map<string, Set<string>>();

  constructor(draw: Draw = drawn) {
    this.#draw = draw;
  }

  get strangers(): number {
    return this.#strangers.size;
  }

  /** Every connection that a server accepts, before it says anything. */
  admit(socket: Socket): void {
    const { remoteAddress: address } = socket;
    const key = keyOf(socket);
    // Closed already.
    if (address === undefined || key === undefined) return;
    const neighbours = this.#byAddress.get(address) ?? new Set();
    if (neighbours.size >= STRANGERS_PER_ADDRESS_MAX) this.#turnOut([...neighbours]);
    else if (this.#strangers.size >= STRANGERS_MAX) this.#turnOut([...this.#mostFrom()]);
    this.#byAddress.set(address, neighbours.add(key));
    this.#strangers.set(key, socket);
    socket.once("close", () => this.#forget(key, address));
  }

  /** Somebody on this connection has shown who calls: what it may hold is bounded otherwise. */
  prove(origin: Origin): void {
    const key = keyOf(origin);
    if (key !== undefined && origin.remoteAddress !== undefined) this.#forget(key, origin.remoteAddress);
  }

  /** Watches all connections that this process accepts at a port: for servers that do not show theirs. Disposal ends it. */
  watch(port: number): Disposable {
    const accepted = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      if (socket.localPort === port) this.admit(socket);
    };
    diagnostics.subscribe(ACCEPTED, accepted);
    return { [Symbol.dispose]: () => void diagnostics.unsubscribe(ACCEPTED, accepted) };
  }

  #turnOut(keys: readonly string[]): void {
    const key = keys[this.#draw(keys.length)];
    const socket = key === undefined ? undefined : this.#strangers.get(key);
    if (key === undefined || socket === undefined) return;
    this.#forget(key, addressIn(key));
    socket.destroy();
  }

  /** The address with the most strangers pays for the others. */
  #mostFrom(): ReadonlySet<string> {
    let most: ReadonlySet<string> = new Set();
    for (const keys of this.#byAddress.values()) if (keys.size > most.size) most = keys;
    return most;
  }

  #forget(key: string, address: string): void {
    this.#strangers.delete(key);
    const neighbours = this.#byAddress.get(address);
    neighbours?.delete(key);
    if (neighbours?.size === 0) this.#byAddress.delete(address);
  }
}

function drawn(count: number): number {
  return Buffer.from(randomBytes(4)).readUInt32BE() % count;
}

/** Node's channel for each connection that any server of this process accepts. */
const ACCEPTED = "net.server.socket";

function keyOf({ remoteAddress, remotePort }: Origin): string | undefined {
  return remoteAddress === undefined || remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}

function addressIn(key: string): string {
  return key.slice(0, key.indexOf(" "));
}
