/** The broker's own limits: unit in the name, reason beside it. Those of the protocol are in `shared/core/limits.ts`. */

/** A class is padded to a power of two from here on, so that a count says little about a person (protocol section 3). */
export const TOKENS_PER_CLASS_MIN = 8;
/** Real tokens of one record are capped at 64 over all classes, so no class needs more places (protocol section 2). */
export const TOKENS_PER_CLASS_MAX = 64;

/** Submissions of one member that wait for one before them. Whatever does not fit is sent again by its owner. */
export const HELD_SUBMISSIONS_MAX = 32;
/** The same over all members: many could conspire, and half a megabyte each adds up. */
export const HELD_IN_ALL_MAX = 256;
/** A member is told of the same gap again no sooner than this. */
export const GAP_AGAIN_MS = 2_000;
/** Submissions of one member that a rebuild holds to put them in order; half a megabyte each at most. */
export const REBUILD_HELD_MAX = 64;

/** Submissions of one member that NATS may have on the way; bounds memory together with their size. */
export const SUBMISSIONS_UNACKNOWLEDGED_MAX = 256;
/** Messages of one member's stream that cannot be believed before it is emptied: some seconds of work, and a small part of what it holds. */
export const JUNK_MESSAGES_MAX = 20_000;
/** The same by size, as a share of the stream's. */
export const JUNK_BYTES_SHARE = 1 / 8;
/** Deliveries that a node may have on the way. */
export const DELIVERIES_UNACKNOWLEDGED_MAX = 256;

/** Notices leave at fixed beats, so that the moment of one says nothing about what caused it (protocol section 7). */
export const BEAT_MS = 100;
/** Of one batch of notices, about 200 bytes each; also what a node carries out in one transaction. */
export const EVENTS_PER_BATCH_MAX = 1_000;
/** Batches of notices in one beat: what is more goes with the next. Their size is bounded by `BEAT_BYTES_MAX`. */
export const BATCHES_PER_BEAT_MAX = 16;
/** Notices in one beat; the rest of a message is for receipts and the answer to a digest. */
export const BEAT_NOTICE_BYTES_MAX = 320 * 1024;
/** Rejected entries that receipts of one beat name: ten bytes each. */
export const REJECTIONS_PER_BEAT_MAX = 8_000;
/** What a member could not be sent is tried again after this long. */
export const BEAT_AGAIN_MS = 2_000;
/** A member is told all that is open anew no sooner than this after the last time, whatever its node states. */
export const LINE_ANEW_MS = 10_000;
/** Batches that a member holds are kept for so long; a node that was restored from an older backup is told all that is open. */
export const BATCHES_KEPT_MS = 30 * 86_400_000;

/** Submissions taken in one transaction, whoever sent them: one commit for all. */
export const GROUP_SUBMISSIONS_MAX = 256;
/** For how long one transaction goes on taking what waits: other work must get its turn. */
export const GROUP_MS_MAX = 50;
/** Groups that are applied here and not in both copies of the ledger yet. */
export const GROUPS_UNKEPT_MAX = 4;
/** Submissions of one member that wait to be taken. */
export const ARRIVALS_PER_MEMBER_MAX = 64;

/** Rejections that a receipt names again after a start: of so many submissions before the last one. */
export const REJECTIONS_AGAIN_SUBMISSIONS = 4_096;
/** Notices of one member in one tick. */
export const NOTICES_PER_TICK_MAX = 256;
/** A member's streams that NATS has no room for are asked for again, ever less often, at least this often. */
export const STREAMS_AGAIN_MS_MAX = 30_000;
/** How often each member's submission stream is looked at: whether it has lost something, and what room it has left. */
export const STREAM_LOOK_MS = 10_000;
/** Share of a submission stream's messages or bytes from which on somebody is told, long before it takes nothing more. */
export const STREAM_USED_ALARM = 0.7;
/** And below which that has ended. */
export const STREAM_USED_WELL = 0.6;
/** How often records past their review day are looked for. */
export const SWEEP_MS = 60_000;
/** Records that expire in one transaction: at a month's end many do at once, and other work must get its turn. */
export const EXPIRIES_PER_SWEEP_MAX = 500;

/** Clocks that differ by less agree: a directive dated further ahead is refused as well (protocol section 12). */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;
/** What a member's clock said counts for so long; a connected node says it every five minutes. */
export const CLOCK_HEARD_MS = 60 * 60_000;
/** Records that are taken out within a day because they are past their review day, as a share of all: whole imports end on one day. */
export const SWEPT_PER_DAY_SHARE = 0.34;
/** And in a small federation so many. */
export const SWEPT_PER_DAY_MIN = 1_000;

/** Under brokered handling a mandate that fewer members bear would name the member (protocol section 7). */
export const MANDATE_BEARERS_MIN = 3;
/** How often the file of directives is looked at: an operator may replace it, and what it says must take effect within a second. */
export const DIRECTORY_POLL_MS = 500;

/** Whoever sleeps until it is told of a change looks again after this time all the same. */
export const LOOK_AGAIN_MS = 3_600_000;

/** How often members that have done something are looked at for odd patterns. */
export const WATCH_MS = 10_000;

/** Records looked up or written down in one step of a longer work: about ten milliseconds, so that submissions get their turn between. */
export const SLICE_RECORDS = 100;
/** Matches closed or told anew in one such step. */
export const SLICE_MATCHES = 50;
/** Items of digests made in one such step. */
export const SLICE_DIGESTS = 250;

/** How often it is looked whether there are items to make: sooner than a member asks after it has published. */
export const DIGEST_PAUSE_MS = 1_000;

/** Records named in the answer to a digest: some sixty bytes each leave a message of 512 KiB room for the rest. */
export const DIGEST_HANDLES_MAX = 7_000;

/** A node that is connected has stated by then what it found of a meeting's tags: it needs a second (protocol section 7). */
export const STATEMENT_DUE_MS = 10 * 60_000;
/** One that is away has until then: a weekend. */
export const STATEMENT_DUE_ABSENT_MS = 48 * 3_600_000;
/** A connected node says at least every five minutes how it is. */
export const HEARD_LATELY_MS = 7 * 60_000;
/** Overdue statements of one member that are told in one step. */
export const OVERDUE_PER_LOOK_MAX = 200;
/**
 * Events of one match within so long, after which a node that starts anew is not told again of what it owes: a start costs nothing, and each
 * time the other side is told too. A node that was restored needs one.
 */
export const TOLD_AGAIN_MAX = 4;
export const TOLD_AGAIN_WITHIN_MS = 60_000;

/** Records of a snapshot that are sealed in one step: some milliseconds. */
export const SLICE_IMAGES = 64;
/** How often a snapshot of the index is written, if anything has changed. What came since is read from the streams at a start. */
export const SNAPSHOT_MS = 10 * 60_000;
/** So many times as long as the last one took there is none: a large index is not written all the time. */
export const SNAPSHOT_REST = 30;
/** How often records that changed meanwhile are written again before the rest is taken in one step. */
export const SNAPSHOT_PASSES_MAX = 20;
