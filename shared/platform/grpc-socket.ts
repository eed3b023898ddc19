/**
 * gRPC at a Unix socket: who may connect is a matter of the file's owner, group and mode, which the operating system enforces; nothing is
 * encrypted, and nobody shows a certificate.
 *
 * A socket is made in a directory that nobody else can enter, gets its mode there, and is then moved to its place in one step: at no moment
 * is it open to more than it should be, and what a killed program left behind is replaced.
 */
import { once } from "node:events";
import { chmodSync, chownSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { connect } from "node:net";
import { dirname, join, relative } from "node:path";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import type { CompatServiceDefinition } from "nice-grpc";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { fileFault } from "./file-faults.ts";
import { clientOver, serve } from "./grpc.ts";
import type { ClientOptions, GrpcConnection, ServingOptions } from "./grpc.ts";

/** Of `sun_path`, without its closing zero: unix(7), and the headers of macOS. */
const PATH_BYTES_MAX = process.platform === "darwin" ? 103 : 107;

/** Where it is made: as long as `node.sock`, so that the one path fits where the other does. */
const ASIDE = ".";
const MADE = "s";

const OWNER_ONLY = 0o600;
const OWNER_AND_GROUP = 0o660;
const WRITABLE_BY_OTHERS = 0o022;
const ENTERED_BY_GROUP = 0o010;
const ENTERED_BY_ALL = 0o001;

export type SocketPlace = {
  /** Absolute. */
  readonly path: string;
  /** Number of a group whose members may connect besides the owner. */
  readonly group?: number;
};

/** Throws INVALID for a path that is too long, ENVIRONMENT where the socket cannot be made or a program answers at it. */
export async function startSocketServer(options: ServingOptions & SocketPlace): Promise<AsyncDisposable> {
  const { path } = options;
  assertSocketPath(path);
  assertDirectory(options);
  await assertUnanswered(path);
  await using resources = new AsyncDisposableStack();
  const aside = mkdtempSync(`${dirname(path)}/${ASIDE}`);
  try {
    const made = join(aside, MADE);
    const credentials = ServerCredentials.createInsecure();
    resources.use(await serve({ ...options, address: addressOf(made), credentials, interceptors: [] }));
    openTo(made, options.group);
    const own = lstatSync(made);
    renameSync(made, path);
    resources.defer(() => removeOwn(path, own));
    return resources.move();
  } catch (error) {
    throw isCausewayError(error) ? error : fileFault(path, "cannot be made", error);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** A client of the program that serves at the socket. Connects at the first call. Throws INVALID for a path that is too long. */
export function socketClient<Definition extends CompatServiceDefinition>(
  definition: Definition,
  path: string,
  options: ClientOptions,
): GrpcConnection<Definition> {
  assertSocketPath(path);
  return clientOver(definition, addressOf(path), ChannelCredentials.createInsecure(), options);
}

/** Throws INVALID unless the system takes so long a path, from the root or from the working directory. */
export function assertSocketPath(path: string): void {
  const aside = join(dirname(path), `${ASIDE}123456`, MADE);
  const longest = Math.max(...[path, aside].map((each) => Buffer.byteLength(nearest(each))));
  if (longest <= PATH_BYTES_MAX) return;
  const limit = `the path of a socket has at most ${PATH_BYTES_MAX} bytes here, and this one has ${longest}`;
  throw new CausewayError("INVALID", `${path}: ${limit}: choose a shorter one, such as /run/causeway/node.sock`, {
    fields: ["socket"],
  });
}

function addressOf(path: string): string {
  return `unix:${nearest(path)}`;
}

/** The path, or how it is called from here if it is too long: a party's directory may lie deep below the root, and close to where one works. */
function nearest(path: string): string {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path;
  const near = relative(process.cwd(), path);
  return Buffer.byteLength(near) < Buffer.byteLength(path) ? near : path;
}

/** Who can write to the directory can put a socket of its own there, and be taken for this program. */
function assertDirectory({ path, group }: SocketPlace): void {
  const directory = dirname(path);
  const { uid, gid, mode } = statsOf(directory);
  const self = process.getuid?.();
  if (self !== undefined && uid !== self && uid !== 0) throw refusal(`${directory} belongs to another user`);
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    throw refusal(`${directory} can be written to by others: run chmod go-w ${directory}, or choose another place`);
  }
  const isEntered = (mode & ENTERED_BY_ALL) !== 0 || (gid === group && (mode & ENTERED_BY_GROUP) !== 0);
  if (group !== undefined && !isEntered) {
    const mend = `run chgrp ${group} ${directory} && chmod g+x ${directory}, or choose another place`;
    throw refusal(`the group that may use ${path} cannot enter ${directory}: ${mend}`);
  }
}

function statsOf(directory: string): Stats {
  try {
    return statSync(directory);
  } catch (error) {
    throw fileFault(directory, "cannot hold a socket", error);
  }
}

/** Throws ENVIRONMENT unless nothing is there, or a socket at which nobody listens any more. */
async function assertUnanswered(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw refusal(`${path} exists and is no socket: move it away`);
  const socket = connect(nearest(path));
  try {
    await once(socket, "connect");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED" || code === "ENOENT") return;
    throw fileFault(path, "cannot be looked at", error);
  } finally {
    socket.destroy();
  }
  throw refusal(`a program answers at ${path} already: stop it first`);
}

/** The group before the mode: the other way round, another group could use it in between. */
function openTo(path: string, group: number | undefined): void {
  if (group === undefined) return chmodSync(path, OWNER_ONLY);
  try {
    chownSync(path, -1, group);
  } catch (error) {
    throw fileFault(path, "cannot be given to the group: is this user in it?", error);
  }
  chmodSync(path, OWNER_AND_GROUP);
}

function removeOwn(path: string, own: Stats): void {
  // Another program may have taken the place meanwhile.
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === own.ino) rmSync(path);
}

function refusal(text: string): CausewayError {
  return new CausewayError("ENVIRONMENT", text);
}
