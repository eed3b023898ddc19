/** Every limit of the protocol in one place: unit in the name, reason beside it. */

/** Elements in one hardening batch: RFC 9497 numbers the elements of a proof with two bytes (protocol section 13). */
export const OPRF_BATCH_ELEMENTS_MAX = 65_536;

/** Pairs under one proof: 1,024 samples see 1 % tampering but for 3 in 100,000 batches, and one in 65,536 with 1.6 % (protocol section 2.2). */
export const PROOF_PAIRS_MAX = 1_024;

/** Bytes of one OPRF input: RFC 9497 prefixes it with a two-byte length. */
export const OPRF_INPUT_BYTES_MAX = 65_535;

/** A sealed message, padding and seal included: fits a NATS message with room for its headers (protocol section 3). */
export const SEALED_BYTES_MAX = 512 * 1024;

/**
 * Entries of one submission. An entry can be two bytes, so the size alone would let a quarter of a million in, whose receipt, with a
 * reason for each, no message could carry. Ours hold 1,000 at most.
 */
export const ENTRIES_PER_SUBMISSION_MAX = 4_096;

/** Statements of one submission: a beat of a node that meets thousands at once. Ours hold 1,000 at most. */
export const STATEMENTS_PER_SUBMISSION_MAX = 4_096;

/** Sealed messages come in steps of this many bytes, so that a size tells little (protocol section 13). */
export const SEAL_PADDING_BYTES = 1_024;

/**
 * Elements that a node puts into one hardening batch: as many as there may be, because proofs cost the same for any batch of more than
 * `PROOF_PAIRS_MAX`: here 2 % of a node's work for each evaluator, at half the size 4 %.
 */
export const HARDEN_BATCH_ELEMENTS_MAX = 65_536;

/** Hardening batches of one generation a node has on the way at once: its cores and the evaluators' work at the same time. */
export const HARDEN_BATCHES_IN_FLIGHT_MAX = 2;

/** A gRPC message: the largest directive (8.5 MB) and the largest batch of elements (2 MiB) fit, with their framing. */
export const GRPC_MESSAGE_BYTES_MAX = 9 * 1024 * 1024;

/** One to an evaluator: the largest batch of elements fits, with its signature and framing. */
export const EVALUATION_REQUEST_BYTES_MAX = 2.5 * 1024 * 1024;

/** And one that answers: all papers of a topic, which the largest board has sealed to each other in three domains (27 MB), fit. */
export const GRPC_ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** Seats of a board. */
export const BOARD_SEATS_MAX = 64;

/** Calls at once on one connection: a node needs a handful, and each holds memory for a message. */
export const GRPC_CALLS_PER_CONNECTION_MAX = 64;

/** Requests of one evaluation stream that are worked on at once: two batches, and a proof for each. */
export const EVALUATION_REQUESTS_IN_WORK_MAX = 4;

/** Evaluated batches an evaluator keeps for their proof, per member: those on the way and those just sent again. */
export const KEPT_BATCHES_PER_MEMBER_MAX = 4;

/** Bytes of all kept batches together: 64 of the largest. The oldest goes first; its sender can send it again. */
export const KEPT_BATCHES_BYTES_MAX = 256 * 1024 * 1024;

/** How long an evaluated batch waits for its proof to be asked for. */
export const KEPT_BATCH_MS_MAX = 5 * 60_000;

/** Times one charged batch is evaluated: room for crashes of a node, and an end to free work. */
export const BATCH_ANSWERS_MAX = 16;

/** How long a batch id stays known after it was charged: longer than a node stays away. */
export const BATCH_ID_KEPT_MS = 30 * 86_400_000;

/** How long a node waits for an evaluator's answer: minutes behind other members' batches are not yet a fault. */
export const EVALUATION_ANSWER_MS_MAX = 5 * 60_000;

/** Unfinished batches of which a node keeps the answers it has, so that one evaluator's outage costs the others nothing. */
export const UNFINISHED_BATCHES_MAX = 8;

/** Connections on which nobody has shown who calls, at one server: ten times what a federation of 50 opens when a broker restarts. */
export const STRANGERS_MAX = 1_024;

/** Of them from one address: all parties may stand behind one, such as a proxy's. */
export const STRANGERS_PER_ADDRESS_MAX = 256;

/** For a TLS handshake to end: it takes three messages. */
export const HANDSHAKE_MS_MAX = 10_000;

/** How long a gRPC connection without a call stays open; the next call opens another. */
export const GRPC_IDLE_MS_MAX = 60_000;

/** Connections of one party to one server: a node has a few, and one of each command that runs. */
export const CONNECTIONS_PER_PARTY_MAX = 64;
