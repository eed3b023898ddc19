/**
 * The way to a unit's node from one of its directories: by the Unix socket from the node's own, over TLS with pinned keys from that of a
 * workstation. Plaintext passes here: a socket must be the node's own, a server must hold the key that was pinned.
 */
import { accessSync, constants, existsSync, lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { ClientError } from "nice-grpc";
import type { CompatServiceDefinition } from "nice-grpc";
import { CausewayError, isCausewayError } from "../../../shared/core/errors.ts";
import { fileFault } from "../../../shared/platform/file-faults.ts";
import type { GrpcConnection } from "../../../shared/platform/grpc.ts";
import { pinnedClient } from "../../../shared/platform/grpc-pinned.ts";
import { socketClient } from "../../../shared/platform/grpc-socket.ts";
import { readConfig, readWorkstationConfig, socketPlace, workstationSettings } from "../../config.ts";
import type { StatedActor } from "../../core/actor.ts";
import { readLocalKey } from "../../disk/local-key.ts";
import { ACTOR_KEY, encodeStatedActor } from "../../wire/stated-actor.ts";

export type NodeDoor = {
  open<Definition extends CompatServiceDefinition>(definition: Definition): GrpcConnection<Definition>;
  /** What calls give, their errors in the node's own words. */
  once<Answer>(call: Promise<Answer>): Promise<Answer>;
  each<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item>;
};

/** Throws ENVIRONMENT where the directory is neither a node's nor a workstation's or the socket is closed to this user, INVALID for bad settings. */
export function doorTo(dir: string, actor: StatedActor): NodeDoor {
  const options = { own: true, metadata: { [ACTOR_KEY]: encodeStatedActor(actor) } };
  if (!existsSync(join(dir, workstationSettings.file))) {
    const { path } = socketPlace(readConfig(dir));
    assertOwnSocket(path, dir);
    return { open: (definition) => socketClient(definition, path, options), ...ownWords(() => awayFrom(path)) };
  }
  const { node: address, nodeKey: serverKey } = readWorkstationConfig(dir);
  let isStranger = false;
  const to = { ...options, address, serverKey, tls: readLocalKey(dir), onStranger: () => void (isStranger = true) };
  return {
    open: (definition) => pinnedClient(definition, to),
    ...ownWords(() => (isStranger ? strangerAt(address) : awayFrom(address))),
  };
}

type Reason = { readonly code: "UNAVAILABLE" | "UNPROVEN"; readonly text: string };

function awayFrom(place: string): Reason {
  return { code: "UNAVAILABLE", text: `the node does not answer at ${place}` };
}

function strangerAt(address: string): Reason {
  const text = `whoever answers at ${address} does not hold the node's key, nodeKey in ${workstationSettings.file}`;
  return { code: "UNPROVEN", text };
}

/** Only the user whose directory it is can have made it. None at all: the node is away. */
function assertOwnSocket(path: string, dir: string): void {
  try {
    const socket = lstatSync(path, { throwIfNoEntry: false });
    if (socket === undefined) return;
    if (socket.uid !== statSync(dir).uid) {
      throw new CausewayError("ENVIRONMENT", `${path} is not the node's: it belongs to another user than ${dir}`);
    }
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw isCausewayError(error) ? error : fileFault(path, "is closed to this user", error);
  }
}

/** Clients drop what a peer says of its errors. This peer is our own node: its sentence is the one worth reading. */
function ownWords(whyAway: () => Reason): Pick<NodeDoor, "once" | "each"> {
  const reworded = (error: unknown): unknown => {
    if (!isCausewayError(error) || !(error.cause instanceof ClientError)) return error;
    const { fields, cause } = error;
    const { code, text } = error.code === "UNAVAILABLE" ? whyAway() : { code: error.code, text: cause.details };
    return new CausewayError(code, text, { fields, cause });
  };
  return {
    async once(call) {
      return await call.catch((error: unknown) => {
        throw reworded(error);
      });
    },
    async *each(items) {
      try {
        yield* items;
      } catch (error) {
        throw reworded(error);
      }
    },
  };
}
