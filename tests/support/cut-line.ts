/** A line to a server that can lose what the server says, swallow what anybody says, and be cut. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

export class CutLine implements Disposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isDeaf = false;
  #isSilent = false;
  /** Whose other end has gone while the line was silent. */
  readonly #bereft = new Set<Socket>();
  /** Bytes of the server that were lost since `deafen`. */
  lostBytes = 0;
  /** Connections that were made over it. */
  dialled = 0;

  private constructor(toPort: number) {
    this.#server = createServer((near) => {
      this.dialled += 1;
      const far = connect(toPort, "127.0.0.1");
      this.#join(near, far);
      near.on("data", (bytes) => far.write(bytes));
      far.on("data", (bytes) => {
        if (this.#isDeaf) this.lostBytes += bytes.length;
        else near.write(bytes);
      });
      if (this.#isSilent) for (const socket of [near, far]) socket.pause();
    });
  }

  static async to(port: number): Promise<CutLine> {
    const line = new CutLine(port);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on what the server says is lost. */
  deafen(): void {
    this.#isDeaf = true;
    this.lostBytes = 0;
  }

  /** From now on nothing passes, and nobody is told: neither bytes nor the end of a connection. New connections are made and hear nothing. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Lets everything pass that `silence` held back. */
  heal(): void {
    this.#isSilent = false;
    for (const socket of this.#bereft) socket.destroy();
    this.#bereft.clear();
    for (const socket of this.#sockets) socket.resume();
  }

  /** Ends every connection, without a word of the protocol above; the next ones are whole. */
  cut(): void {
    this.#isDeaf = false;
    this.#isSilent = false;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      // Cut lines end with errors.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        // Of an end, too, a silent line says nothing.
        if (this.#isSilent) this.#bereft.add(other);
        else other.destroy();
      });
    }
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#server.close();
  }
}
