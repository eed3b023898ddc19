/**
 * The one error class of the project. `code` is closed and is what callers and tests look at; the message is for people
 * and never holds a value that a user or peer supplied: `fields` names the places that were wrong, not what stood there.
 */
export type ErrorCode =
  /** Input does not have the required form; `fields` lists every bad place. */
  | "INVALID"
  /** A signature, proof, commitment or MAC does not verify. */
  | "UNPROVEN"
  /** The caller is who it says, and may not do this. */
  | "FORBIDDEN"
  /** The caller could not be identified. */
  | "UNAUTHENTICATED"
  /** Out of order, replayed, rolled back, or of another epoch. */
  | "OUT_OF_SEQUENCE"
  /** A budget or cap is used up. */
  | "EXHAUSTED"
  /** No such thing. */
  | "NOT_FOUND"
  /** The thing exists already, with other content. */
  | "CONFLICT"
  /** The other side cannot be reached now; trying again may help. */
  | "UNAVAILABLE"
  /** The machine, a file or its permissions are not as they must be. */
  | "ENVIRONMENT"
  /** A fault of ours. */
  | "INTERNAL";

export class CausewayError extends Error {
  readonly code: ErrorCode;
  /** Paths of bad places, such as `entries[3].tokens[0].token`; never values. */
  readonly fields: readonly string[];

  constructor(code: ErrorCode, message: string, options: { fields?: readonly string[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "CausewayError";
    this.code = code;
    this.fields = options.fields ?? [];
  }
}

/** Whether `error` is ours, optionally with that code. */
export function isCausewayError(error: unknown, code?: ErrorCode): error is CausewayError {
  return error instanceof CausewayError && (code === undefined || error.code === code);
}
