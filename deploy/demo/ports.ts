/**
 * Ports for programs that start later, when the number already stands in their settings. Two things may take such a port meanwhile:
 * the operating system, for whoever asks for any port (so these lie below all that it hands out), and another process that picks like
 * this one (so a UDP socket of the same number, which no program here listens at, marks the port until this process ends).
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { CausewayError } from "../../shared/core/errors.ts";

const HOST = "127.0.0.1";
/** Linux hands out 32768 and above, macOS and the IANA's rule 49152 (RFC 6335, section 6), gVisor 16000. */
const FIRST = 10_000;
const LAST = 15_999;
const ATTEMPTS = 200;

/** Ports of 127.0.0.1 that nobody listens at, all different, and this process's until it ends. Throws ENVIRONMENT if there are none. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** One such port. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST, LAST + 1);
    if ((await mark(port)) && (await isFree(port))) return port;
  }
  throw new CausewayError("ENVIRONMENT", `no free port found among ${FIRST} to ${LAST} of ${HOST}`);
}

async function mark(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  socket.bind({ port, address: HOST, exclusive: true });
  const marked = await succeeds(once(socket, "listening"));
  if (marked) socket.unref();
  else socket.close();
  return marked;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host: HOST, exclusive: true });
  if (!(await succeeds(once(server, "listening")))) return false;
  server.close();
  await once(server, "close");
  return true;
}

/** False if somebody has the port, or may have it alone (below 1024, or kept by the system). */
async function succeeds(listening: Promise<unknown>): Promise<boolean> {
  try {
    await listening;
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" || code === "EACCES") return false;
    throw error;
  }
}
