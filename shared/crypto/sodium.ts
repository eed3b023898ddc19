/**
 * The one libsodium instance of a process, ready to use; nothing else imports the library. `probe.ts` proves at start-up
 * that every primitive is there: the typings also declare functions that the build at hand may lack.
 *
 * Known weakness: the wrapper copies arguments, keys too, to the WebAssembly heap and frees them without wiping, so a
 * memory image of a process holds its recent keys.
 */
import sodium, { ready } from "libsodium-wrappers";

await ready;

export type Sodium = typeof sodium;
export { sodium };
