/**
 * Encryption of what the node keeps. Whoever copies the database file without the key file reads counts, states and dates of
 * work, and no reference, name, token, handle's meaning or match.
 *
 * Known limits: equal values under `lookupKey` are equal, which is its purpose; lengths show; a process that runs holds the key.
 */
import { lpText, utf8 } from "../../shared/core/bytes.ts";
import { blake2bKeyed, hashKey } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { decryptWith, encryptWith } from "../../shared/crypto/secretbox.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { fromStoredJson, toStoredJson } from "../../shared/store/stored-json.ts";
import type { StoredJson } from "../../shared/store/stored-json.ts";

const NONCE_BYTES = 24;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Vault {
  readonly #encryption: HashKey;
  readonly #lookup: HashKey;
  readonly #randomness: Randomness;

  /** `databaseKey`: 32 bytes from a key file outside the database. */
  constructor(databaseKey: Uint8Array, randomness: Randomness) {
    this.#randomness = randomness;
    const root = hashKey(databaseKey);
    this.#encryption = hashKey(blake2bKeyed(32, root, lpText("causeway/node/encryption/v1")));
    this.#lookup = hashKey(blake2bKeyed(32, root, lpText("causeway/node/lookup/v1")));
  }

  /** `place` is table, column and row: a value moved elsewhere does not open there. */
  seal(place: string, plaintext: Uint8Array): Uint8Array {
    return encryptWith(this.#encryption, this.#randomness.randomBytes(NONCE_BYTES), plaintext, utf8(place));
  }

  /** Throws UNPROVEN when the value was changed, moved, or written under another key. */
  open(place: string, sealed: Uint8Array): Uint8Array {
    return decryptWith(this.#encryption, sealed, utf8(place));
  }

  sealJson<Value>(place: string, kind: StoredJson<Value>, value: Value): Uint8Array {
    return this.seal(place, encoder.encode(toStoredJson(kind, value)));
  }

  /** Throws as `open` and `fromStoredJson`. */
  openJson<Value>(place: string, kind: StoredJson<Value>, sealed: Uint8Array): Value {
    return fromStoredJson(kind, decoder.decode(this.open(place, sealed)));
  }

  /** 16 bytes under which a secret value is found again. */
  lookupKey(purpose: string, value: Uint8Array): Uint8Array {
    return blake2bKeyed(16, this.#lookup, lpText(purpose), value);
  }
}
