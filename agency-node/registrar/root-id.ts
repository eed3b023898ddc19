/** By what people tell TLS roots apart: what the registrar's machine prints is what a proposal shows. */
import { toHex } from "../../shared/core/bytes.ts";
import { idOf } from "../../shared/crypto/sign.ts";
import { groups } from "../../shared/words/figures.ts";

/** `root`: DER. */
export function rootId(root: Uint8Array): string {
  return groups(toHex(idOf(root)));
}
