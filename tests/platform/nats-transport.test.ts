/** What a NATS client has dialled while nobody answered, once the server goes on. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../shared/platform/nats-transport.ts";
import { SOON } from "../support/patience.ts";

const INFO = { server_id: "invented", version: "2.12.0", proto: 1, max_payload: 1_048_576, headers: true };

/** Greets, answers pings, and can stop doing anything, as a machine that sleeps does. */
class SleepyServer {
  readonly #server: Server;
  readonly sockets = new Set<Socket>();
  #sleeps = false;
  dialled = 0;

  constructor() {
    this.#server = createServer((socket) => {
      this.dialled += 1;
      this.sockets.add(socket);
      socket.on("data", (bytes) => {
        if (String(bytes).includes("PING\r\n")) socket.write("PONG\r\n");
      });
      socket.on("error", () => undefined);
      socket.on("close", () => this.sockets.delete(socket));
      if (this.#sleeps) socket.pause();
      else this.#greet(socket);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  sleep(): void {
    this.#sleeps = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** It greets those that have come meanwhile, and then does not wait for them any longer. */
  goOn(): void {
    this.#sleeps = false;
    for (const socket of this.sockets) {
      socket.resume();
      this.#greet(socket);
    }
  }

  #greet(socket: Socket): void {
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

let server: SleepyServer;
let connection: NatsConnection;
let lost: number;

async function countLosses(): Promise<void> {
  for await (const status of connection.status()) {
    const type: string = status.type;
    if (type === "disconnect") lost += 1;
  }
}

beforeEach(async () => {
  server = new SleepyServer();
  const settings = { timeout: 300, reconnectTimeWait: 20, maxReconnectAttempts: -1 };
  connection = await connect({ servers: await server.listen(), ...settings });
  lost = 0;
  void countLosses();
});

afterEach(async () => {
  server.close();
  await connection.close();
});

describe("a server that says nothing for a while", () => {
  it("has one connection when it goes on, however often it was dialled meanwhile", async () => {
    server.sleep();
    await connection.reconnect();
    // The one that there was, two that were given up, and one under way.
    await expect.poll(() => server.dialled, SOON).toBe(4);
    server.goOn();
    await connection.flush();
    await expect.poll(() => server.sockets.size, SOON).toBe(1);
    expect(lost).toBe(1);
  });

  it("is left, although it does not take what was said to it last", async () => {
    server.sleep();
    // More than lies between two sockets.
    for (let i = 0; i < 64; i += 1) connection.publish("invented", new Uint8Array(512 * 1024));
    await connection.reconnect();
    await expect.poll(() => lost, SOON).toBe(1);
  });
});
