/** What goes between an evaluator and its worker processes. Elements are joined, 32 bytes each. */
export type EvaluatorTask =
  /** Which elements are none. */
  | { readonly kind: "validate"; readonly blinded: Uint8Array }
  /** All times the key share. */
  | { readonly kind: "evaluate"; readonly blinded: Uint8Array }
  /** One proof over all the given pairs. */
  | { readonly kind: "prove"; readonly blinded: Uint8Array; readonly evaluated: Uint8Array };

export type EvaluatorAnswer =
  | { readonly kind: "validated"; readonly bad: readonly number[] }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** Given to a worker before its first task. */
export type EvaluatorWorkerData = { readonly keyShare: Uint8Array; readonly publicKey: Uint8Array };
