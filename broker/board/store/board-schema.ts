/**
 * What lies on the board's desk at the broker.
 *
 * Everything here is signed by whoever says it or public: whoever writes the file can lose things or bring back old ones, which those
 * who act on them notice; whoever reads it learns who is being invited and what the board is about to decide. Secrets in it are sealed.
 */
import type { DatabaseKind } from "../../../shared/store/database.ts";

const SCHEMA = `
  CREATE TABLE proposal (
    digest TEXT PRIMARY KEY,
    payload BLOB NOT NULL,
    proposed_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE approval (
    digest TEXT NOT NULL REFERENCES proposal ON DELETE CASCADE,
    key_id TEXT NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (digest, key_id)
  ) STRICT;
  CREATE TABLE paper (
    hash TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    author TEXT NOT NULL,
    signed BLOB NOT NULL,
    received_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX paper_topic ON paper (topic, received_at_ms);
  CREATE INDEX paper_author ON paper (author);
  CREATE TABLE invitation (
    secret_hash TEXT PRIMARY KEY,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    valid_until_ms INTEGER NOT NULL,
    signed BLOB NOT NULL,
    used_at_ms INTEGER
  ) STRICT;
  CREATE TABLE enrolment (
    key_id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    enrolment BLOB NOT NULL,
    note TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE preparation (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    epoch INTEGER NOT NULL,
    generation INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE key_offer (
    member TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    offer BLOB NOT NULL,
    -- Different ones, this the last.
    offers INTEGER NOT NULL,
    PRIMARY KEY (member, epoch)
  ) STRICT;
  CREATE TABLE evaluator_offer (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    offer BLOB NOT NULL,
    offers INTEGER NOT NULL,
    PRIMARY KEY (name, generation)
  ) STRICT;
  CREATE TABLE credentials_request (
    -- Never used again, also when the table has been emptied: whoever follows has seen up to one of them.
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL UNIQUE,
    signed BLOB NOT NULL,
    requested_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE credentials (
    key_id TEXT PRIMARY KEY,
    certificate_pem TEXT NOT NULL,
    nats_user_jwt TEXT NOT NULL,
    issued_at_ms INTEGER NOT NULL
  ) STRICT;
`;

export const DESK: DatabaseKind = {
  what: "the board's desk",
  version: 2,
  schema: SCHEMA,
  upgrades: {},
  // Two brokers would tell two stories.
  exclusive: true,
  secureDelete: true,
  busyTimeoutMs: 2_000,
};
