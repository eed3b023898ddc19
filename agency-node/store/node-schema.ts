/**
 * The node's tables: the only state of the federation with no other copy (back it up with its key file). One connection, one thread,
 * every change of state in one transaction with the outbox rows that tell of it.
 */
import type { DatabaseKind } from "../../shared/store/database.ts";
import { madeAnew } from "../../shared/store/made-anew.ts";

/** What a waiting row says is kept once, and its columns that are looked at stand before the long one. */
const OUTBOX = `
CREATE TABLE outbox (
  position          INTEGER PRIMARY KEY AUTOINCREMENT,
  incarnation       TEXT NOT NULL,
  sequence          INTEGER NOT NULL,
  epoch             INTEGER NOT NULL,
  subject           TEXT NOT NULL,
  submission_hash   BLOB NOT NULL,
  written_ms        INTEGER NOT NULL,
  handles           TEXT NOT NULL,
  sealed_key        BLOB,
  sealed            BLOB,
  message           BLOB NOT NULL,
  UNIQUE (incarnation, sequence)
) STRICT;`;

/** What an officer is shown of each record: made again whenever its columns change. */
const SHOWN = `CREATE VIEW shown AS
  SELECT record.number, handle, reference_key, sealed, record.revision, review_by_day, sent_day, held_day, tokens, only_epoch, ended_ms,
    content_key = x'' AS is_erased, held_ms,
    CASE
      WHEN record.state IN ('withdrawn', 'expired') THEN record.state
      WHEN record.state = 'refused' THEN 'rejected'
      WHEN standing.revision = record.revision AND due <> 1 AND standing.state <> '' THEN standing.state
      ELSE 'hardening'
    END AS state,
    CASE
      WHEN record.state = 'refused' THEN record.reason
      WHEN record.state IN ('hardening', 'ready') AND standing.revision = record.revision AND due <> 1 THEN standing.reason
    END AS reason
  FROM record LEFT JOIN standing
    ON standing.record = record.number AND epoch = (SELECT epoch.number FROM epoch WHERE epoch.shown = 1);`;

/**
 * Columns called `sealed` are encrypted, see `Vault`. Handles are pseudonyms and stand as they are.
 *
 * `record.state` is what the node does with it (`hardening`, `ready`, `refused`, `withdrawn`, `expired`); `standing` is what became of
 * it in each epoch: `due` 0 nothing, 1 new content is to be sent, 2 it is to be carried over or sent again. `prepared` is made from a
 * revision of the record, once for each generation of evaluator keys. A record with an
 * `only_epoch` goes into no other: it is a canary, and `match.canary` its handle. `match.statement_due`: what was found of it is to be
 * stated to the broker; `misnamed`: what was told of its other side did not hold. The view `shown` has the state that a person sees.
 * `loan` has the padding that a record has borrowed, see `core/padding.ts`; `due_act` has what the broker is to be told at the next beat: a
 * new review day, or, without one, that the record is withdrawn.
 * `record.ended_ms` is when it was withdrawn or expired; one that was erased since has an empty `content_key`. `let_go` has the hardened values
 * that some content needed which is gone. `skipped_notice` has the notices that could not be read, by the wire's field number of their kind.
 * `outbox.message` is sealed to the broker, and `sealed_key` has the key of that seal, by which the node opens it again; a row of before version
 * 6 has what it says in `sealed` instead, until it is signed anew. What is long stands last: SQLite reads a row up to the column it wants.
 * `activity_about` finds the entries
 * about a record or match by a keyed hash; an entry of `every` is about all records.
 * `epoch.met_ms` is when a meeting in it was last found that is real by its tags. `standing.held_ms` is when the receipt of the version came that the broker holds. `match.handle` is of the own record, which this database may
 * not know (any more); `unread`: what met could not be read yet.
 */
const SCHEMA = `
CREATE TABLE record (
  number            INTEGER PRIMARY KEY,
  handle            TEXT NOT NULL UNIQUE,
  reference_key     BLOB NOT NULL UNIQUE,
  sealed            BLOB NOT NULL,
  content_key       BLOB NOT NULL,
  revision          INTEGER NOT NULL,
  review_by_day     INTEGER NOT NULL,
  sent_day          INTEGER,
  held_day          INTEGER,
  state             TEXT NOT NULL,
  reason            TEXT,
  tokens            INTEGER NOT NULL DEFAULT 0,
  only_epoch        INTEGER,
  ended_ms          INTEGER
) STRICT;
CREATE INDEX record_by_state ON record (state);

CREATE TABLE prepared (
  record            INTEGER NOT NULL,
  generation        INTEGER NOT NULL,
  revision          INTEGER NOT NULL,
  scheme            TEXT NOT NULL,
  sealed            BLOB NOT NULL,
  PRIMARY KEY (record, generation)
) STRICT;

CREATE TABLE epoch (
  number            INTEGER PRIMARY KEY,
  generation        INTEGER NOT NULL,
  shown             INTEGER NOT NULL DEFAULT 0,
  agreed_sequence   INTEGER NOT NULL DEFAULT 0,
  agreed_ms         INTEGER NOT NULL DEFAULT 0,
  met_ms            INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE standing (
  record            INTEGER NOT NULL,
  epoch             INTEGER NOT NULL,
  revision          INTEGER NOT NULL DEFAULT 0,
  due               INTEGER NOT NULL,
  state             TEXT NOT NULL DEFAULT '',
  reason            TEXT,
  incarnation       TEXT,
  sequence          INTEGER,
  count             INTEGER NOT NULL DEFAULT 0,
  sum               BLOB,
  held_incarnation  TEXT,
  held_sequence     INTEGER,
  held_ms           INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (record, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_due ON standing (epoch, due, record) WHERE due > 0;

${SHOWN}

CREATE TABLE due_act (
  handle            TEXT PRIMARY KEY,
  review_by_day     INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE loan (
  record            INTEGER PRIMARY KEY,
  sealed            BLOB NOT NULL
) STRICT;

CREATE TABLE hardened (
  cache_key         BLOB PRIMARY KEY,
  generation        INTEGER NOT NULL,
  sealed            BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE let_go (
  cache_key         BLOB PRIMARY KEY,
  since_ms          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hardening_batch (
  batch_id          BLOB PRIMARY KEY,
  sealed            BLOB NOT NULL
) STRICT;

CREATE TABLE published (
  number            INTEGER PRIMARY KEY AUTOINCREMENT,
  handle            TEXT NOT NULL,
  epoch             INTEGER NOT NULL,
  incarnation       TEXT NOT NULL,
  sequence          INTEGER NOT NULL,
  count             INTEGER NOT NULL,
  sum               BLOB NOT NULL,
  sealed            BLOB NOT NULL,
  UNIQUE (handle, incarnation, sequence)
) STRICT;

${OUTBOX}

CREATE TABLE chain_head (
  incarnation       TEXT PRIMARY KEY,
  sequence          INTEGER NOT NULL,
  hash              BLOB NOT NULL
) STRICT;

CREATE TABLE notice (
  number            INTEGER PRIMARY KEY,
  hash              BLOB NOT NULL
) STRICT;

CREATE TABLE skipped_notice (
  number            INTEGER PRIMARY KEY,
  field             INTEGER NOT NULL
) STRICT;

CREATE TABLE match (
  match_id          TEXT PRIMARY KEY,
  status            TEXT NOT NULL,
  unfinished        INTEGER NOT NULL,
  statement_due     INTEGER NOT NULL,
  misnamed          INTEGER NOT NULL,
  canary            TEXT,
  handle            TEXT NOT NULL DEFAULT '',
  unread            INTEGER NOT NULL DEFAULT 0,
  sealed            BLOB NOT NULL
) STRICT;
CREATE INDEX match_statement_due ON match (match_id) WHERE statement_due = 1;
CREATE INDEX match_misnamed ON match (match_id) WHERE misnamed = 1;
CREATE TABLE canary (
  handle            TEXT PRIMARY KEY,
  epoch             INTEGER NOT NULL,
  beat_ms           INTEGER NOT NULL,
  counterpart       TEXT NOT NULL,
  awaited           INTEGER NOT NULL DEFAULT 1,
  planned_ms        INTEGER NOT NULL,
  met_ms            INTEGER NOT NULL DEFAULT 0,
  ends_ms           INTEGER NOT NULL,
  ended_ms          INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE canary_beat (
  epoch             INTEGER NOT NULL,
  beat_ms           INTEGER NOT NULL,
  proven_ms         INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (epoch, beat_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
  number            INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms             INTEGER NOT NULL,
  verb              TEXT NOT NULL,
  every             INTEGER NOT NULL DEFAULT 0,
  sealed            BLOB NOT NULL
) STRICT;

CREATE TABLE activity_about (
  about             BLOB NOT NULL,
  activity          INTEGER NOT NULL,
  PRIMARY KEY (about, activity)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_of_every ON activity (number) WHERE every = 1;`;

/**
 * What version 0.1.0 did not have. `notice_line`: the incarnations of notice batches that the broker has told in, and the last batch held of
 * each; the newest row is the one that goes on. An earlier one never comes back: it would be a repetition. `held_stray`: what the broker
 * holds of this member and this database does not know, with what it counts in the broker's digest; `withdrawn_ms`: a person has decided that it
 * goes.
 */
const SINCE_5 = `
CREATE TABLE urgent (
  record            INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE notice_line (
  place             INTEGER PRIMARY KEY,
  incarnation       TEXT NOT NULL UNIQUE,
  number            INTEGER NOT NULL,
  hash              BLOB NOT NULL
) STRICT;

CREATE INDEX match_handle ON match (handle);
CREATE INDEX match_unread ON match (match_id) WHERE unread = 1;

CREATE TABLE held_stray (
  handle            TEXT NOT NULL,
  epoch             INTEGER NOT NULL,
  count             INTEGER NOT NULL DEFAULT 0,
  sum               BLOB,
  since_ms          INTEGER NOT NULL,
  withdrawn_ms      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (handle, epoch)
) STRICT, WITHOUT ROWID;
`;

/** And what it had in another shape. */
const COLUMNS_SINCE_5 = `
ALTER TABLE standing ADD COLUMN held_ms INTEGER NOT NULL DEFAULT 0;
DROP VIEW shown;
${SHOWN}
ALTER TABLE epoch ADD COLUMN met_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE match ADD COLUMN handle TEXT NOT NULL DEFAULT '';
ALTER TABLE match ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
UPDATE match SET handle = canary WHERE canary IS NOT NULL;
`;

const OUTBOX_ONCE = madeAnew(
  "outbox",
  OUTBOX,
  `SELECT position, incarnation, sequence, epoch, subject, submission_hash, written_ms, handles, NULL, sealed, x'' FROM kept`,
);

export const NODE_DATABASE: DatabaseKind = {
  what: "the node's records",
  version: 6,
  schema: SCHEMA + SINCE_5,
  upgrades: { 5: COLUMNS_SINCE_5 + OUTBOX_ONCE + SINCE_5 },
  // It is copied by other tools while the node runs.
  exclusive: false,
  secureDelete: true,
  busyTimeoutMs: 0,
};
