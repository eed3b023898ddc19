CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE user (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    subject TEXT NOT NULL,
    UNIQUE (role, subject)
  ) STRICT;
CREATE TABLE code (
    user TEXT PRIMARY KEY REFERENCES user ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    valid_until_ms INTEGER NOT NULL
  ) STRICT;
CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
    name TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    transports TEXT NOT NULL,
    added_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
CREATE INDEX passkey_user ON passkey (user);
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    user TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
    method TEXT NOT NULL,
    address TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
CREATE INDEX session_user ON session (user);
INSERT INTO federation (id) VALUES ('fefefefefefefefefefefefefefefefe');
INSERT INTO user (id, role, subject) VALUES ('u1', 'administrator', '11111111111111111111111111111111');
INSERT INTO user (id, role, subject) VALUES ('u2', 'auditor', 'invented');
INSERT INTO code (user, hash, valid_until_ms) VALUES ('u2', x'0202020202020202020202020202020202020202020202020202020202020202', 1795000600000);
INSERT INTO passkey (id, user, name, public_key, counter, transports, added_at_ms, used_at_ms) VALUES ('p1', 'u1', 'key', x'0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101', 3, 'usb nfc', 1795000000000, 0);
INSERT INTO session (id, token_hash, user, method, address, started_at_ms, used_at_ms) VALUES ('s1', x'0909090909090909090909090909090909090909090909090909090909090909', 'u1', 'passkey', '192.0.2.1', 1795000000000, 1795000000001);
PRAGMA user_version = 1;
