/** Who sits at the terminal, as its operating system has it. The node writes it down as stated: it cannot see whether it is true. */
import { userInfo } from "node:os";
import type { StatedActor } from "../core/actor.ts";

/**
 * The user of this process; under sudo the one who called it, since a node's directory often belongs to an account that nobody is.
 * A user without a name is named by number.
 */
export function actingPerson(env: Readonly<Record<string, string | undefined>> = process.env): StatedActor {
  const { SUDO_USER: name, SUDO_UID: uid } = env;
  if (name !== undefined && name !== "") return person(name, Number(uid || Number.NaN));
  try {
    const user = userInfo();
    return person(user.username, user.uid);
  } catch {
    // No entry for this number, as in many containers.
    return person("", process.getuid?.() ?? Number.NaN);
  }
}

/** Windows has no numbers, and gives -1. */
function person(name: string, uid: number): StatedActor {
  const isNumbered = Number.isInteger(uid) && uid >= 0;
  const shown = name === "" ? (isNumbered ? `user ${uid}` : "unnamed user") : name.normalize("NFC");
  return { kind: "person", name: shown, ...(isNumbered && { uid }) };
}
