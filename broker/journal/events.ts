/** What the broker tells its operator of its journal, its lease and the standby. */
import { defineEvents } from "../../shared/world/events.ts";

export const events = defineEvents({
  journal: {
    newBase: {
      level: "warn",
      fields: { database: "word" },
      means: "The stream at NATS lacks what this database has, as at the first start: it gets all of it.",
    },
    applied: {
      level: "info",
      fields: { database: "word", changes: "number" },
      means: "The file lacked changes that the stream has: they were carried out.",
    },
    rebuilt: {
      level: "warn",
      fields: { database: "word", file: "word?" },
      means:
        "The file was missing, damaged, restored from a backup, or written by a broker that was not active any more: it was made anew from the stream. `file` is where the old one is now.",
      act: "Find out why the old file was not as it should be; delete it then.",
    },
    damaged: {
      level: "error",
      fields: { database: "word", file: "word" },
      means:
        "A database is damaged. It was put aside under the name in `file`, and is made anew from the stream at NATS.",
      act: "Look at the disk.",
    },
    bothGone: {
      level: "error",
      fields: { database: "word" },
      means: "A database is gone, and its copy at NATS too: a new one begins.",
      act: "Stop the broker and put back a backup of `data/` or of NATS, if there is one. If not: nodes repair what they know.",
    },
    unreadable: {
      level: "error",
      means: "The stream of the journal at NATS cannot be read to its end: it is begun anew from the databases.",
      act: "Somebody has the NATS server, or its disk is damaged.",
    },
    givenUp: {
      level: "warn",
      fields: { generation: "number" },
      means:
        "The key of the journal's stream is lost for good, as an operator has said: the stream is begun anew from the databases.",
    },
    streamLost: {
      level: "error",
      means: "NATS has lost messages of the journal that it had stored: the stream is begun anew from the databases.",
      act: "Look at the disk of the NATS server, and whether it was restored from a backup.",
    },
    refused: {
      level: "error",
      fields: { natsCode: "number" },
      means:
        "NATS does not store the journal, or has not answered for ten seconds (`natsCode` 0): nothing is confirmed to anybody until it does.",
      act: "Make room on the disk of the NATS server, then restart nats-server: it keeps its write error until then.",
    },
    storesAgain: { level: "info", means: "NATS stores the journal again." },
    fenced: {
      level: "warn",
      means: "Another broker has written to the journal: this one is active no more.",
      act: "Nothing, if a standby has taken over: this one stands by now.",
    },
    keyTooOld: {
      level: "error",
      fields: { generation: "number" },
      means: "This standby lacks the journal's key of that generation: it cannot follow, and would not take over.",
      act: "Copy the directory `keys/` of the active broker here again.",
    },
  },
  lease: {
    standingBy: {
      level: "info",
      fields: { activeSince: "word" },
      means: "Another broker is active since then; this one follows its ledger and stands by.",
    },
    takenOver: { level: "warn", means: "The broker that was active does not renew its lease: this one takes over." },
    acquired: { level: "info", means: "This broker is the active one." },
    lost: {
      level: "warn",
      means: "Another broker holds the lease: this one stops serving, and stands by.",
    },
    waitsForCopy: {
      level: "warn",
      fields: { database: "word" },
      means: "A database is missing or damaged, and its copy at NATS cannot be reached: the broker waits.",
      act: "Start NATS, or make it reachable. If both are lost for good, delete `keys/journal-*.key`: a new ledger begins.",
    },
  },
});
