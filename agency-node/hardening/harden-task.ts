/** What goes between a node and its worker processes. */

/** Inputs joined, with their lengths: many small arrays cost more to send than to blind. */
export type PackedInputs = { readonly bytes: Uint8Array; readonly lengths: Uint32Array };

export type HardenTask =
  /** `first` is the place of the first input in the batch. */
  | { readonly kind: "blind"; readonly key: Uint8Array; readonly first: number; readonly inputs: PackedInputs }
  /** All pairs given, against one evaluator's public key. */
  | {
      readonly kind: "verify";
      readonly publicKey: Uint8Array;
      readonly blinded: Uint8Array;
      readonly evaluated: Uint8Array;
      readonly proof: Uint8Array;
    }
  /** Adds the evaluators' answers and unblinds. */
  | {
      readonly kind: "finalise";
      readonly inputs: PackedInputs;
      readonly blinds: Uint8Array;
      readonly answers: readonly Uint8Array[];
    };

export type HardenAnswer =
  | { readonly kind: "blinded"; readonly blinded: Uint8Array; readonly blinds: Uint8Array }
  | { readonly kind: "verified"; readonly holds: boolean }
  /** 64 bytes for each input. */
  | { readonly kind: "finalised"; readonly outputs: Uint8Array }
  /** `culprit`: the first of the answers that holds what is no element; undefined if each is good, and they cancel out. */
  | { readonly kind: "unusable"; readonly culprit: number | undefined };

export function packInputs(inputs: readonly Uint8Array[]): PackedInputs {
  const lengths = Uint32Array.from(inputs, (input) => input.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const input of inputs) {
    bytes.set(input, offset);
    offset += input.length;
  }
  return { bytes, lengths };
}

export function unpackInputs({ bytes, lengths }: PackedInputs): Uint8Array[] {
  let offset = 0;
  return Array.from(lengths, (length) => bytes.subarray(offset, (offset += length)));
}
