/**
 * Loaded into a program before its own code: what it dials on this machine goes through lines of its own, so that one link can be cut
 * while all others stay whole. `DRILL_LINES`: a JSON object, from the port that is meant to the port that is dialled.
 */
import { Socket } from "node:net";

const LINES = JSON.parse(process.env["DRILL_LINES"] ?? "{}") as Readonly<Record<string, number>>;

// oxlint-disable-next-line typescript/unbound-method -- called with the socket below
const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;

/** Of what `connect` takes: a port, options, or both as Node itself passes them on, which is an array that it must find again. */
function redirected(target: unknown): unknown {
  if (Array.isArray(target)) {
    target[0] = redirected(target[0]);
    return target;
  }
  if (typeof target !== "object" || target === null) return LINES[String(target)] ?? target;
  const { port } = target as { readonly port?: number };
  return { ...target, ...(port !== undefined && { port: LINES[port] ?? port }) };
}

Socket.prototype.connect = function (this: Socket, target: unknown, ...rest: unknown[]): Socket {
  return connect.call(this, redirected(target), ...rest);
};
