/** What a message of a later version looks like to the code of this one: no case of its oneof, and a message under each of these numbers. */
export function laterKind(...fields: number[]): { readonly _unknownFields: { [tag: number]: Uint8Array[] } } {
  // Length 2, field 1 of the unknown message: 1.
  return { _unknownFields: Object.fromEntries(fields.map((field) => [(field << 3) | 2, [Uint8Array.of(2, 8, 1)]])) };
}
