/** Limits of what may be left at the board's desk: unit in the name, reason beside it. Whoever has a certificate may try. */
import { DOMAINS } from "../../shared/core/domain.ts";
import { GRPC_ANSWER_BYTES_MAX, SEAL_PADDING_BYTES } from "../../shared/core/limits.ts";
import { SEAL_OVERHEAD_BYTES } from "../../shared/crypto/seal.ts";

const DAY_MS = 86_400_000;

/**
 * What one answer may hold, with room for its framing. As much may wait of proposals together, and of papers of one topic, so that each
 * can be listed.
 */
export const ANSWER_BYTES_MAX = GRPC_ANSWER_BYTES_MAX - 256 * 1024;

/** Proposals that wait at once: a board decides one after the other, since each names its predecessor. */
export const WAITING_PROPOSALS_MAX = 32;

/** And of one administrator: alone it must not keep the others from proposing. */
export const WAITING_PROPOSALS_OF_ONE_MAX = 8;

/** A proposal that waits for longer is not wanted; one without an end would hold its place for ever. */
export const PROPOSAL_MS_MAX = 31 * 86_400_000;
/** Finished proposals that are kept to be looked at. */
export const FINISHED_PROPOSALS_MAX = 100;

/** Something sealed to one administrator in one domain: a kilobyte of padding, the seal, names and framing. */
const SEALED_PART_BYTES = SEAL_PADDING_BYTES + SEAL_OVERHEAD_BYTES + 80;
/** Whatever else an administrator says in one topic: pledges, requests, releases. */
const SMALL_PAPERS_BYTES = 32 * 1024;
/** Times that all contributors may reveal to each other in one topic: somebody pledges late, and all begin again. */
const REVEALS_MAX = 4;

/**
 * Bytes of one administrator's papers of one topic, on a board of so many seats: it may seal something to each of them in each domain.
 * Large boards share out one answer, which must hold the whole topic: the largest fits into it once.
 */
export function topicBytesOfOneMax(seats: number): number {
  const revealed = REVEALS_MAX * seats * DOMAINS.length * SEALED_PART_BYTES;
  return Math.min(SMALL_PAPERS_BYTES + revealed, Math.floor(ANSWER_BYTES_MAX / seats));
}

/** Papers of one administrator, of all topics: each unit that joins or comes back takes one for its salts. */
export const PAPERS_OF_ONE_MAX = 1_024;
/** Of the largest release, the shares of two epochs in three domains, more than as many. */
export const PAPERS_BYTES_OF_ONE_MAX = 16 * 1024 * 1024;
/** A ceremony takes days. */
export const PAPER_KEPT_MS = 90 * DAY_MS;

/** Invitations of one administrator that are out at once. */
export const INVITATIONS_OF_ONE_MAX = 256;
/** Of one administrator that have been used or have run out. The oldest go first, with what was handed in by them. */
export const ENDED_INVITATIONS_OF_ONE_MAX = 512;
/** One in a list: a note of 120 characters, a hash, framing. */
export const INVITATION_BYTES = 512;
/** An invitation that is out for longer is forgotten by whoever has it. */
export const INVITATION_MS_MAX = 30 * DAY_MS;
/** Enrolments and invitations are kept so long after they have come to an end. */
export const ENROLMENT_KEPT_MS = 90 * DAY_MS;

/** Epoch numbers that may be left out, such as those of preparations that came to nothing. Each preparation makes a key. */
export const EPOCHS_AHEAD_MAX = 8;

/**
 * Different keys that one member offers for one epoch, or one evaluator for one generation. The last one counts; another is made only
 * when the one before was lost.
 */
export const OFFERS_OF_ONE_MAX = 16;

/** Parties whose request for credentials waits for the registrar. */
export const CREDENTIALS_REQUESTS_MAX = 1_024;
