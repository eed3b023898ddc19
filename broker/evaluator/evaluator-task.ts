/** What goes between an evaluator and whoever does its arithmetic. Elements are joined, 32 bytes each. */
export type EvaluatorTask =
  /** Which elements are none. */
  | { readonly kind: "validate"; readonly blinded: Uint8Array }
  /** All times the key share. */
  | { readonly kind: "evaluate"; readonly blinded: Uint8Array }
  /** One proof over all the given pairs. `hedge`: 32 random bytes for its nonce. */
  | {
      readonly kind: "prove";
      readonly blinded: Uint8Array;
      readonly evaluated: Uint8Array;
      readonly hedge: Uint8Array;
    };

export type EvaluatorAnswer =
  | { readonly kind: "validated"; readonly bad: readonly number[] }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** Given to a worker before its first task. */
export type EngineKeys = { readonly keyShare: Uint8Array; readonly publicKey: Uint8Array };
