/** The ledger's tables. */
import type { DatabaseKind } from "../../shared/store/database.ts";
import { madeAnew } from "../../shared/store/made-anew.ts";

const SUBMISSIONS = `
  CREATE TABLE submission (
    position INTEGER PRIMARY KEY,
    member TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    applied_at_ms INTEGER NOT NULL,
    rejections TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    UNIQUE (member, incarnation, sequence)
  ) STRICT;
  CREATE INDEX submission_member ON submission (member, position);
`;

/** Rows as they came, not by their key: what comes and changes together then lies in the same pages. */
const MATCH_EVENT = `
  CREATE TABLE match_event (
    match_id TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (match_id, amendment)
  ) STRICT;
`;

const PROOF_SIDE = `
  CREATE TABLE proof_side (
    match_id TEXT NOT NULL,
    side INTEGER NOT NULL,
    member TEXT NOT NULL,
    handle TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    conversation_key BLOB NOT NULL,
    blind BLOB NOT NULL,
    handling TEXT NOT NULL,
    asked_at_ms INTEGER NOT NULL,
    is_overdue INTEGER NOT NULL,
    valid_hash BLOB,
    signature BLOB,
    PRIMARY KEY (match_id, side)
  ) STRICT;
  CREATE INDEX proof_side_asked ON proof_side (member, asked_at_ms) WHERE signature IS NULL AND is_overdue = 0;
  CREATE INDEX proof_side_overdue ON proof_side (member) WHERE is_overdue = 1;
`;

/** `told_epoch`: the epoch that the last meeting that both sides were told of was found in. */
const MATCHES = `
  CREATE TABLE match (
    match_id TEXT PRIMARY KEY,
    domain TEXT NOT NULL,
    member_0 TEXT NOT NULL,
    handle_0 TEXT NOT NULL,
    member_1 TEXT NOT NULL,
    handle_1 TEXT NOT NULL,
    status TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    told_epoch INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX match_0 ON match (member_0, handle_0) WHERE status = 'open';
  CREATE INDEX match_1 ON match (member_1, handle_1) WHERE status = 'open';
  ${MATCH_EVENT}
`;

const MEMBERS = `
  CREATE TABLE notice (
    member TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    signed BLOB NOT NULL,
    PRIMARY KEY (member, number)
  ) STRICT;
  CREATE TABLE confirmed (member TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
  CREATE TABLE account (member TEXT PRIMARY KEY, initial_used INTEGER NOT NULL, hours TEXT NOT NULL) STRICT;
`;

/**
 * `meeting`: which tokens of a pair met in an epoch, as a hash, and gone with the epoch. `carried`: what a submission
 * of one epoch did to a record of another, which its own stream does not tell. `lingering`: records whose epoch has ended before they
 * were published in another. `ended_epoch`: the purges, begun and done.
 */
const EPOCHS_AND_OVERSIGHT = `
  CREATE INDEX match_told ON match (told_epoch) WHERE status = 'open';
  CREATE TABLE meeting (
    match_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    met_hash TEXT NOT NULL,
    PRIMARY KEY (match_id, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE carried (
    member TEXT NOT NULL,
    handle TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    review_by_day INTEGER,
    PRIMARY KEY (member, handle, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lingering (
    member TEXT NOT NULL,
    handle TEXT NOT NULL,
    domain TEXT NOT NULL,
    review_by_day INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    published INTEGER NOT NULL,
    PRIMARY KEY (member, handle)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lingering_day ON lingering (review_by_day);
  CREATE TABLE ended_epoch (
    epoch INTEGER PRIMARY KEY,
    records INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    begun_at_ms INTEGER NOT NULL,
    attestation BLOB,
    attested_at_ms INTEGER
  ) STRICT;
  CREATE TABLE standing (member TEXT PRIMARY KEY, standing TEXT NOT NULL) STRICT;
  CREATE TABLE health (member TEXT PRIMARY KEY, signed BLOB NOT NULL, received_at_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE alarm (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    member TEXT NOT NULL,
    text TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    acknowledged_by TEXT,
    acknowledged_at_ms INTEGER,
    note TEXT
  ) STRICT;
  CREATE UNIQUE INDEX alarm_open ON alarm (kind, member) WHERE acknowledged_by IS NULL;
`;

/**
 * `proof`: the outcome of each, and while it is pending the amendment that statements answer, its epoch, and what met.
 * `proof_side`: what is asked of each side of a pending one, and what it has stated; `match` has the index by record.
 */
const PROOFS = `
  CREATE TABLE proof (
    match_id TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    met TEXT,
    told_overdue INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX proof_epoch ON proof (epoch) WHERE outcome = 'pending';
  ${PROOF_SIDE}
`;

/**
 * `notice_line`: the batches that a member is told in now, up to the last, and the number of the last that it has stated to hold.
 * `retold`: under this incarnation open matches were told again up to this id, and what was closed since an instant is to follow; NULL when
 * that is done. `notice_batch`: the bytes of each, over which its hash is.
 */
const NOTICE_BATCHES = `
  CREATE TABLE notice_line (
    member TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    held INTEGER NOT NULL,
    begun_at_ms INTEGER NOT NULL,
    retold TEXT,
    closed_since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE notice_batch (
    member TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    batch BLOB NOT NULL,
    PRIMARY KEY (member, number)
  ) STRICT, WITHOUT ROWID;
`;

/** What version 0.1.0 did not have. */
const SINCE_4 = `
  ${NOTICE_BATCHES}
`;

/** Version 0.1.0 kept these rows by their key. */
const IN_ORDER_SINCE_4 = `
  ${madeAnew("match_event", MATCH_EVENT)}
  ${madeAnew("proof_side", PROOF_SIDE)}
`;

const SCHEMA = `
  ${SUBMISSIONS}
  ${MATCHES}
  ${MEMBERS}
  ${EPOCHS_AND_OVERSIGHT}
  ${PROOFS}
  ${SINCE_4}
`;

export const LEDGER: DatabaseKind = {
  what: "the ledger",
  version: 5,
  schema: SCHEMA,
  upgrades: { 4: SINCE_4 + IN_ORDER_SINCE_4 },
  // Two brokers would tell two stories.
  exclusive: true,
  secureDelete: true,
  busyTimeoutMs: 2_000,
};
