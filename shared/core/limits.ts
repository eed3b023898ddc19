/** Every limit of the protocol in one place: unit in the name, reason beside it. */

/** Elements in one hardening batch: RFC 9497 numbers the elements of a proof with two bytes (protocol section 13). */
export const OPRF_BATCH_ELEMENTS_MAX = 65_536;

/** Pairs under one proof: 1,024 samples see 1 % tampering but for 3 in 100,000 batches (protocol section 2.2). */
export const PROOF_PAIRS_MAX = 1_024;

/** Bytes of one OPRF input: RFC 9497 prefixes it with a two-byte length. */
export const OPRF_INPUT_BYTES_MAX = 65_535;

/** A sealed message, padding and seal included: fits a NATS message with room for its headers (protocol section 3). */
export const SEALED_BYTES_MAX = 512 * 1024;

/** Sealed messages come in steps of this many bytes, so that a size tells little (protocol section 13). */
export const SEAL_PADDING_BYTES = 1_024;
