CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE submission (
    position INTEGER PRIMARY KEY,
    member TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    applied_at_ms INTEGER NOT NULL,
    rejections TEXT NOT NULL,
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
    met_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    amendment INTEGER NOT NULL
  ) STRICT;
CREATE INDEX match_0 ON match (member_0, handle_0) WHERE status = 'open';
CREATE INDEX match_1 ON match (member_1, handle_1) WHERE status = 'open';
CREATE TABLE match_event (
    match_id TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (match_id, amendment)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE proof (
    match_id TEXT PRIMARY KEY,
    nonce_0 BLOB, mac_0 BLOB, proven_0 INTEGER,
    nonce_1 BLOB, mac_1 BLOB, proven_1 INTEGER,
    outcome TEXT NOT NULL
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
INSERT INTO federation (id) VALUES ('fefefefefefefefefefefefefefefefe');
INSERT INTO submission (position, member, incarnation, sequence, hash, applied_at_ms, rejections) VALUES (1, 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3', 1, x'0101010101010101010101010101010101010101010101010101010101010101', 1795000000000, '[]');
INSERT INTO submission (position, member, incarnation, sequence, hash, applied_at_ms, rejections) VALUES (2, 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3', 2, x'0202020202020202020202020202020202020202020202020202020202020202', 1795000000001, '[{"index":0,"reason":"budget"},{"index":4,"reason":"epoch"}]');
INSERT INTO match (match_id, domain, member_0, handle_0, member_1, handle_1, met_hash, status, amendment) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'target', 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', '01010101010101010101010101010101', 'b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b', 'abababababababababababababababababababababababababababababababab', 'closed', 2);
INSERT INTO match_event (match_id, amendment, at_ms, event) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 0, 1795000000000, '{"type":"opened","matchId":"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","domain":"target","parties":[{"member":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","handle":"01010101010101010101010101010101"},{"member":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2","handle":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}],"meetings":[{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":3,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}},{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":4,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}}],"metHash":"abababababababababababababababababababababababababababababababab"}');
INSERT INTO match_event (match_id, amendment, at_ms, event) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1, 1795000000000, '{"type":"amended","amendment":1,"matchId":"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","domain":"target","parties":[{"member":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","handle":"01010101010101010101010101010101"},{"member":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2","handle":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}],"meetings":[{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":3,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}},{"incarnation":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","sequence":4,"positions":{"single":[0,5],"dateLevel":[],"yearLevel":[7]}}],"metHash":"abababababababababababababababababababababababababababababababab"}');
INSERT INTO match_event (match_id, amendment, at_ms, event) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 2, 1795000000000, '{"type":"closed","matchId":"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","amendment":2,"reason":"memberRemoved"}');
INSERT INTO proof (match_id, nonce_0, mac_0, proven_0, nonce_1, mac_1, proven_1, outcome) VALUES ('d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'0101010101010101010101010101010101010101010101010101010101010101', x'0202020202020202020202020202020202020202020202020202020202020202', 1, null, null, null, 'pending');
INSERT INTO notice (member, number, hash, signed) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1, x'0909090909090909090909090909090909090909090909090909090909090909', x'08080808080808080808');
INSERT INTO confirmed (member, number) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1);
INSERT INTO account (member, initial_used, hours) VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 3, '[[498000,2],[498001,7]]');
INSERT INTO account (member, initial_used, hours) VALUES ('b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', 0, '[]');
PRAGMA user_version = 1;
