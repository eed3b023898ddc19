/** Who a client of the node's own services says it is, in the metadata of its calls. The client controls every byte. */
import { z } from "zod";
import { line, oneOf, readMessage, uint32 } from "../../shared/wire/checks.ts";
import type { Reading } from "../../shared/wire/checks.ts";
import type { StatedActor } from "../core/actor.ts";
import { StatedActor as WireActor } from "./gen/causeway/node/v1/activity.ts";

/** gRPC's ending for a key whose value is bytes: names have letters that a header has not. */
export const ACTOR_KEY = "causeway-actor-bin";

const NAME_CHARACTERS_MAX = 128;

const READING: Reading<WireActor, StatedActor> = {
  what: "the actor",
  bytesMax: 2_048,
  codec: WireActor,
  schema: z
    .object({
      actor: oneOf({
        person: z.object({
          name: line(NAME_CHARACTERS_MAX),
          uid: uint32().optional(),
          role: line(NAME_CHARACTERS_MAX, 0),
        }),
        program: z.object({ name: line(NAME_CHARACTERS_MAX) }),
      }),
    })
    .transform(({ actor }): StatedActor => {
      if (actor.$case === "program") return { kind: "program", name: actor.value.name };
      const { name, uid, role } = actor.value;
      return { kind: "person", name, ...(uid !== undefined && { uid }), ...(role !== "" && { role }) };
    }),
};

export function encodeStatedActor(actor: StatedActor): Uint8Array {
  const { kind, name } = actor;
  const of =
    kind === "program"
      ? ({ $case: "program", value: { name } } as const)
      : ({ $case: "person", value: { name, uid: actor.uid, role: actor.role ?? "" } } as const);
  return WireActor.encode({ actor: of }).finish();
}

/** Throws INVALID with the paths of bad fields. */
export function readStatedActor(bytes: Uint8Array): StatedActor {
  return readMessage(READING, bytes);
}
