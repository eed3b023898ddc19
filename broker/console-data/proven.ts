/** What was proven once need not be proven at every look. */
import { equalBytes } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";

type Kept<Value> = { readonly bytes: Uint8Array; readonly value: Value | undefined };

/** Remembers under each key the last bytes that came and what they say. */
export class Proven<Value> {
  readonly #kept = new Map<string, Kept<Value>>();

  /**
   * What the bytes say; undefined if they do not hold. `key` names whose they are and all else that the proof depends on; there are no more
   * keys than parties and directives.
   */
  read(key: string, bytes: Uint8Array, prove: (bytes: Uint8Array) => Value): Value | undefined {
    const known = this.#kept.get(key);
    if (known !== undefined && equalBytes(known.bytes, bytes)) return known.value;
    const value = proofOf(() => prove(bytes));
    this.#kept.set(key, { bytes, value });
    return value;
  }
}

function proofOf<Value>(prove: () => Value): Value | undefined {
  try {
    return prove();
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}
