/**
 * The one libsodium instance of a process, ready to use; nothing else imports the library. `probe.ts` proves at start-up
 * that every primitive is there: the typings also declare functions that the build at hand may lack.
 *
 * Known weakness: the wrapper copies arguments, keys too, to the WebAssembly heap and frees them without wiping, so a
 * memory image of a process holds its recent keys.
 */
import sodium, { ready } from "libsodium-wrappers";

await ready;

/** The build behind the wrapper. */
type Build = {
  /** Another array after the memory has grown. */
  readonly HEAPU8: Uint8Array;
  readonly _malloc: (bytes: number) => number;
  /** The input's length in two words, the low one first. 0 if all is well. */
  readonly _crypto_generichash: (
    out: number,
    outBytes: number,
    input: number,
    inputBytes: number,
    inputBytesHigh: number,
    key: number,
    keyBytes: number,
  ) => number;
};

export type Sodium = typeof sodium;
export { sodium };

const build = (sodium as unknown as { readonly libsodium: Build }).libsodium;
/** For what is done millions of times: the wrapper's copies and checks cost more than a hash does. */
export const { _malloc: reserve, _crypto_generichash: hashInMemory } = build;

/** Libsodium's memory, where `reserve` gives places; to be asked for each time. */
export const memory = (): Uint8Array => build.HEAPU8;
