/**
 * The node's tables: the only state of the federation with no other copy (back it up with its key file). One connection, one thread,
 * every change of state in one transaction with the outbox rows that tell of it.
 */
import type { DatabaseKind, FileBefore } from "../../shared/store/database.ts";

const CANARIES = `
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
`;

const MATCH = `
CREATE TABLE match (
  match_id          TEXT PRIMARY KEY,
  status            TEXT NOT NULL,
  unfinished        INTEGER NOT NULL,
  statement_due     INTEGER NOT NULL,
  misnamed          INTEGER NOT NULL,
  canary            TEXT,
  sealed            BLOB NOT NULL
) STRICT;
CREATE INDEX match_statement_due ON match (match_id) WHERE statement_due = 1;
CREATE INDEX match_misnamed ON match (match_id) WHERE misnamed = 1;
`;

const SKIPPED_NOTICE = `
CREATE TABLE skipped_notice (
  number            INTEGER PRIMARY KEY,
  field             INTEGER NOT NULL
) STRICT;
`;

const DUE_ACT = `
CREATE TABLE due_act (
  handle            TEXT PRIMARY KEY,
  review_by_day     INTEGER
) STRICT, WITHOUT ROWID;
`;

const LOAN = `
CREATE TABLE loan (
  record            INTEGER PRIMARY KEY,
  sealed            BLOB NOT NULL
) STRICT;
`;

const ACTIVITY_ABOUT = `
CREATE TABLE activity_about (
  about             BLOB NOT NULL,
  activity          INTEGER NOT NULL,
  PRIMARY KEY (about, activity)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_of_every ON activity (number) WHERE every = 1;
`;

const SHOWN = `
CREATE VIEW shown AS
  SELECT record.number, handle, reference_key, sealed, record.revision, review_by_day, sent_day, held_day, tokens, only_epoch, ended_ms,
    content_key = x'' AS is_erased,
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
    ON standing.record = record.number AND epoch = (SELECT epoch.number FROM epoch WHERE epoch.shown = 1);
`;

const LET_GO = `
CREATE TABLE let_go (
  cache_key         BLOB PRIMARY KEY,
  since_ms          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

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
 * `activity_about` finds the entries
 * about a record or match by a keyed hash; an entry of `every` is about all records.
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
  agreed_ms         INTEGER NOT NULL DEFAULT 0
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
  PRIMARY KEY (record, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_due ON standing (epoch, due, record) WHERE due > 0;

${SHOWN}
${DUE_ACT}
${LOAN}
CREATE TABLE hardened (
  cache_key         BLOB PRIMARY KEY,
  generation        INTEGER NOT NULL,
  sealed            BLOB NOT NULL
) STRICT, WITHOUT ROWID;

${LET_GO}
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

CREATE TABLE outbox (
  position          INTEGER PRIMARY KEY AUTOINCREMENT,
  incarnation       TEXT NOT NULL,
  sequence          INTEGER NOT NULL,
  epoch             INTEGER NOT NULL,
  subject           TEXT NOT NULL,
  message           BLOB NOT NULL,
  submission_hash   BLOB NOT NULL,
  sealed            BLOB NOT NULL,
  handles           TEXT NOT NULL,
  written_ms        INTEGER NOT NULL,
  UNIQUE (incarnation, sequence)
) STRICT;

CREATE TABLE chain_head (
  incarnation       TEXT PRIMARY KEY,
  sequence          INTEGER NOT NULL,
  hash              BLOB NOT NULL
) STRICT;

CREATE TABLE notice (
  number            INTEGER PRIMARY KEY,
  hash              BLOB NOT NULL
) STRICT;

${SKIPPED_NOTICE}
${MATCH}
${CANARIES}
CREATE TABLE activity (
  number            INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms             INTEGER NOT NULL,
  verb              TEXT NOT NULL,
  every             INTEGER NOT NULL DEFAULT 0,
  sealed            BLOB NOT NULL
) STRICT;
${ACTIVITY_ABOUT}`;

/** Tables of version 1 that are made anew; not all of its files have all of them. */
const FORMER = [
  "record",
  "hardened",
  "hardening_batch",
  "published",
  "outbox",
  "chain_head",
  "notice",
  "match",
  "activity",
];

/**
 * Version 1 knew one epoch and one generation of evaluator keys. Live records are to be made ready anew, from the hardened identifiers
 * that are kept, and sent again. Layouts of what was sent go: their epoch's scheme is none that this program has.
 *
 * The first of its files could not sign waiting rows anew, and sealed batches elsewhere: those rows go too, and digests and evaluators
 * make up for them.
 *
 * Version 2 had the tables of today. Whoever changes them writes out here what they were.
 */
function fromVersion1(file: FileBefore): string {
  const former = FORMER.filter((table) => file.has(table));
  const isFirst = file.has("record", "published_day");
  const days = isFirst ? "published_day, NULL" : "sent_day, held_day";
  return `
DROP INDEX record_by_state;
DROP TABLE IF EXISTS counter;
${former.map((table) => `ALTER TABLE ${table} RENAME TO former_${table};`).join("\n")}
${SCHEMA}
INSERT INTO record (number, handle, reference_key, sealed, content_key, revision, review_by_day, sent_day, held_day, state, tokens, ended_ms)
  SELECT rowid, handle, reference_key, sealed, content_key, revision, review_by_day, ${days},
    CASE WHEN state IN ('withdrawn', 'expired') THEN state ELSE 'hardening' END, tokens,
    CASE WHEN state IN ('withdrawn', 'expired') THEN (SELECT coalesce(max(at_ms), 0) FROM former_activity) END FROM former_record;
INSERT INTO hardened SELECT cache_key, 1, sealed FROM former_hardened;
INSERT INTO activity (number, at_ms, verb, sealed) SELECT number, at_ms, verb, sealed FROM former_activity;
${isFirst ? "" : WAITING_OF_VERSION_1}
${former.map((table) => `DROP TABLE former_${table};`).join("\n")}
`;
}

/** When a row was written is not known: no later than the last thing that the log tells of. */
const WAITING_OF_VERSION_1 = `
INSERT INTO hardening_batch SELECT batch_id, sealed FROM former_hardening_batch;
INSERT INTO outbox (position, incarnation, sequence, epoch, subject, message, submission_hash, sealed, handles, written_ms)
  SELECT position, incarnation, sequence, epoch, subject, message, submission_hash, sealed, handles,
    (SELECT coalesce(max(at_ms), 0) FROM former_activity) FROM former_outbox;
`;

/**
 * JSON is written with a version from here on, which a program of version 2 could not read; what stands there is read as it is. The first
 * files of version 2 knew no canaries, and kept no hardened values beside what is prepared.
 */
function fromVersion2(file: FileBefore): string {
  const skipped = file.has("skipped_notice") ? "" : SKIPPED_NOTICE;
  if (file.has("canary")) return skipped;
  return `
${skipped}
${CANARIES}
ALTER TABLE match ADD COLUMN canary TEXT;
DELETE FROM prepared;
UPDATE record SET state = 'hardening' WHERE state = 'ready';
`;
}

/** What was written before is found by its time and verb only. Files that came from version 1 have the tables of today. */
function fromVersion3(file: FileBefore): string {
  if (file.has("activity_about")) return "";
  return `ALTER TABLE activity ADD COLUMN every INTEGER NOT NULL DEFAULT 0; ${ACTIVITY_ABOUT}`;
}

/**
 * From here on tokens come with tags, under a scheme with other classes. What was prepared or laid out under the earlier one, what waits to
 * be sent, and the broker's notices with the matches that they made mean nothing any more: live records are made ready anew and sent again.
 * When a record ended is not known. Files that came from version 1 have the tables of today.
 */
function fromVersion4(file: FileBefore): string {
  return `
${file.has("due_act") ? "" : TABLES_OF_VERSION_5}
DROP TABLE match;
${MATCH}
DELETE FROM prepared;
DELETE FROM published;
DELETE FROM outbox;
DELETE FROM notice;
DELETE FROM canary;
DELETE FROM canary_beat;
DELETE FROM record WHERE only_epoch IS NOT NULL;
DELETE FROM standing WHERE record NOT IN (SELECT number FROM record);
UPDATE record SET state = 'hardening' WHERE state = 'ready';
UPDATE standing SET due = 1 WHERE record IN (SELECT number FROM record WHERE state = 'hardening');
`;
}

/** Acts were told at once, nothing was erased, and no padding was shared. */
const TABLES_OF_VERSION_5 = `
${DUE_ACT}
${LOAN}
${LET_GO}
DROP VIEW shown;
ALTER TABLE record ADD COLUMN ended_ms INTEGER;
UPDATE record SET ended_ms = (SELECT coalesce(max(at_ms), 0) FROM activity) WHERE state IN ('withdrawn', 'expired');
${SHOWN}
`;

export const NODE_DATABASE: DatabaseKind = {
  what: "the node's records",
  version: 5,
  schema: SCHEMA,
  upgrades: { 1: fromVersion1, 2: fromVersion2, 3: fromVersion3, 4: fromVersion4 },
  // It is copied by other tools while the node runs.
  exclusive: false,
  secureDelete: true,
  busyTimeoutMs: 0,
};
