/**
 * Who does something at this node, for the log that oversight reads. It stays here: the broker learns of no actor, and the program's own
 * log names none.
 */
export type StatedActor =
  | {
      readonly kind: "person";
      /** As the operating system of the client's machine has it. */
      readonly name: string;
      /** The user's number there, where there is one. */
      readonly uid?: number;
      readonly role?: string;
    }
  | { readonly kind: "program"; readonly name: string };

/**
 * `known`: how the node knows. `stated`: the client said so: it may be mistaken, or lie. `itself`: this program did it, and nobody asked.
 * `workstation`: from which of the unit's workstations it came, as the pinned key proves; absent at the node's own machine.
 */
export type Actor = StatedActor & { readonly known: "stated" | "itself"; readonly workstation?: string };

/** Whoever asks the node for something. */
export type Asking = {
  readonly actor: Actor;
  /** Why, in the person's words; empty if none was given. */
  readonly reason: string;
};

export const NODE_ITSELF: Actor = { kind: "program", known: "itself", name: "causeway node" };
