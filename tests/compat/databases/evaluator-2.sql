CREATE TABLE batches (
    member TEXT NOT NULL, batch_id TEXT NOT NULL, generation INTEGER NOT NULL, blinded_hash TEXT NOT NULL,
    elements INTEGER NOT NULL, answers INTEGER NOT NULL, charged_at_ms INTEGER NOT NULL,
    PRIMARY KEY (member, batch_id)
  ) STRICT, WITHOUT ROWID;
CREATE INDEX batches_by_age ON batches (charged_at_ms);
CREATE TABLE hours (
    member TEXT NOT NULL, hour INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (member, hour)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE members (
    member TEXT PRIMARY KEY, initial_used INTEGER NOT NULL, forgiven_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
CREATE TABLE generations (
    member TEXT NOT NULL, generation INTEGER NOT NULL, evaluated INTEGER NOT NULL, carried INTEGER NOT NULL,
    PRIMARY KEY (member, generation)
  ) STRICT, WITHOUT ROWID;
INSERT INTO batches (member, batch_id, generation, blinded_hash, elements, answers, charged_at_ms) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', '01010101010101010101010101010101', 1, '0202020202020202020202020202020202020202020202020202020202020202', 5, 1, 1795000000000);
INSERT INTO hours (member, hour, used) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 498611, 5);
INSERT INTO members (member, initial_used, forgiven_at_ms) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 4, null);
INSERT INTO generations (member, generation, evaluated, carried) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1, 4, 0);
PRAGMA user_version = 2;
