/** A line to a server that loses what the server says, and that can be cut. What the other side says still goes through. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

export class CutLine implements Disposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isDeaf = false;
  /** Bytes of the server that were lost since `deafen`. */
  lostBytes = 0;

  private constructor(toPort: number) {
    this.#server = createServer((near) => {
      const far = connect(toPort, "127.0.0.1");
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        // Cut lines end with errors.
        socket.on("error", () => undefined);
        socket.on("close", () => {
          near.destroy();
          far.destroy();
          this.#sockets.delete(socket);
        });
      }
      near.on("data", (bytes) => far.write(bytes));
      far.on("data", (bytes) => {
        if (this.#isDeaf) this.lostBytes += bytes.length;
        else near.write(bytes);
      });
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

  /** Ends every connection; the next ones are whole. */
  cut(): void {
    this.#isDeaf = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#server.close();
  }
}
