CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT;
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
CREATE TABLE match_event (
    match_id TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (match_id, amendment)
  ) STRICT;
CREATE TABLE notice (
    member TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    signed BLOB NOT NULL,
    PRIMARY KEY (member, number)
  ) STRICT;
CREATE TABLE confirmed (member TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
CREATE TABLE account (member TEXT PRIMARY KEY, initial_used INTEGER NOT NULL, hours TEXT NOT NULL) STRICT;
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
CREATE TABLE proof (
    match_id TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    met TEXT,
    told_overdue INTEGER NOT NULL DEFAULT 0
  ) STRICT;
CREATE INDEX proof_epoch ON proof (epoch) WHERE outcome = 'pending';
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
INSERT INTO federation (id) VALUES ('fefefefefefefefefefefefefefefefe');
INSERT INTO submission (position, member, incarnation, sequence, hash, applied_at_ms, rejections, epoch) VALUES (1, 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3', 1, x'0101010101010101010101010101010101010101010101010101010101010101', 1795000000000, '[]', 1);
INSERT INTO submission (position, member, incarnation, sequence, hash, applied_at_ms, rejections, epoch) VALUES (2, 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3', 2, x'0202020202020202020202020202020202020202020202020202020202020202', 1795000000001, '[{"index":0,"reason":"budget"},{"index":4,"reason":"epoch"}]', 1);
INSERT INTO match (match_id, domain, member_0, handle_0, member_1, handle_1, status, amendment, told_epoch) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'target', 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', '01010101010101010101010101010101', 'b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b', 'closed', 2, 1);
INSERT INTO match_event (match_id, amendment, at_ms, event) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 0, 1795000000000, '{"type":"opened","matchId":"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","domain":"target","parties":[{"member":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","handle":"01010101010101010101010101010101"},{"member":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2","handle":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}],"meetings":[{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":3,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}},{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":4,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}}],"epoch":1}');
INSERT INTO match_event (match_id, amendment, at_ms, event) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1, 1795000000000, '{"type":"amended","amendment":1,"matchId":"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","domain":"target","parties":[{"member":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","handle":"01010101010101010101010101010101"},{"member":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2","handle":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}],"meetings":[{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":3,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}},{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":4,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}}],"epoch":1}');
INSERT INTO match_event (match_id, amendment, at_ms, event) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 2, 1795000000000, '{"type":"closed","matchId":"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","amendment":2,"reason":"withdrawn"}');
INSERT INTO notice (member, number, hash, signed) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1, x'0909090909090909090909090909090909090909090909090909090909090909', x'08080808080808080808');
INSERT INTO confirmed (member, number) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1);
INSERT INTO account (member, initial_used, hours) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 3, '[[498000,2],[498001,7]]');
INSERT INTO account (member, initial_used, hours) VALUES ('b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', 0, '[]');
INSERT INTO meeting (match_id, epoch, met_hash) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1, 'abababababababababababababababababababababababababababababababab');
INSERT INTO carried (member, handle, epoch, position, review_by_day) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', '01010101010101010101010101010101', 1, 1, null);
INSERT INTO standing (member, standing) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'member');
INSERT INTO health (member, signed, received_at_ms) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', x'0505050505', 6);
INSERT INTO alarm (id, kind, member, text, first_seen_ms, last_seen_ms, count, acknowledged_by, acknowledged_at_ms, note) VALUES (1, 'accountReset', 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'invented', 7, 7, 1, null, null, null);
PRAGMA user_version = 5;
