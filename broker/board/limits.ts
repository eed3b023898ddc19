/** Limits of what may be left at the board's desk: unit in the name, reason beside it. Whoever has a certificate may try. */
import { GRPC_MESSAGE_BYTES_MAX } from "../../shared/core/limits.ts";

const DAY_MS = 86_400_000;

/**
 * What one answer may hold, with room for its framing. As much may wait of proposals together, and of papers of one topic, so that each
 * can be listed.
 */
export const ANSWER_BYTES_MAX = GRPC_MESSAGE_BYTES_MAX - 256 * 1024;

/** Proposals that wait at once: a board decides one after the other, since each names its predecessor. */
export const WAITING_PROPOSALS_MAX = 32;

/** And of one administrator: alone it must not keep the others from proposing. */
export const WAITING_PROPOSALS_OF_ONE_MAX = 8;

/** A proposal that waits for longer is not wanted; one without an end would hold its place for ever. */
export const PROPOSAL_MS_MAX = 31 * 86_400_000;
/** Finished proposals that are kept to be looked at. */
export const FINISHED_PROPOSALS_MAX = 100;

/** Papers of one topic: each seat of the largest board has said each kind of thing. */
export const PAPERS_PER_TOPIC_MAX = 256;
export const PAPERS_MAX = 4_096;
/** A ceremony takes days. */
export const PAPER_KEPT_MS = 90 * DAY_MS;

/** Invitations that are out at once. */
export const INVITATIONS_MAX = 256;
/** An invitation that is out for longer is forgotten by whoever has it. */
export const INVITATION_MS_MAX = 30 * DAY_MS;
/** Enrolments and invitations are kept so long after they have come to an end. */
export const ENROLMENT_KEPT_MS = 90 * DAY_MS;

/** Epoch numbers that may be left out, such as those of preparations that came to nothing. Each preparation makes a key. */
export const EPOCHS_AHEAD_MAX = 8;

/** Parties whose request for credentials waits for the registrar. */
export const CREDENTIALS_REQUESTS_MAX = 1_024;
