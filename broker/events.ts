/** What a broker tells its operator. `alarm.…` stands in the console too, until somebody acknowledges it. */
import { defineEvents } from "../shared/world/events.ts";

export const events = defineEvents({
  broker: {
    ready: {
      level: "info",
      fields: { members: "number", records: "number", matchesOpen: "number" },
      means: "Memory is rebuilt, submissions are taken, the console stands.",
    },
    keyTaken: { level: "info", means: "The broker's next signing key, which the board has named, was put in place." },
    sealingKeyLost: {
      level: "error",
      fields: { epoch: "number" },
      means:
        "The broker's sealing key of an open epoch is not here: what members send in that epoch cannot be opened, and nothing of it is matched or receipted.",
      act: "Put the backup of `keys/` back. If there is none, open and activate another epoch, see [a party is lost](operations.md#a-party-is-lost).",
    },
    replaced: {
      level: "info",
      means:
        "The process replaces itself: an epoch has ended, and nothing of it is to stay in memory, or the broker's next signing key is due.",
    },
    failed: {
      level: "error",
      means: "The broker cannot go on and ends.",
      act: "`error` and `message` say why: mend it, start it again.",
    },
  },
  directory: {
    grown: { level: "info", fields: { number: "number" }, means: "The chain of directives has grown to this number." },
  },
  board: {
    decided: {
      level: "info",
      fields: { number: "number", type: "word" },
      means: "Enough administrators have signed a directive: it is in force.",
    },
  },
  enrolment: {
    received: {
      level: "info",
      fields: { kind: "word" },
      means: "Somebody who was invited has left the public keys of a party.",
      act: "Administrators compare them and decide.",
    },
  },
  member: {
    connected: {
      level: "info",
      fields: { member: "word?", version: "word", capabilities: "word" },
      means: "A node has connected and says which version it is and what that understands.",
    },
    toldAnew: {
      level: "warn",
      fields: { member: "word?" },
      means: "This broker or the member's node has lost what it was told: all its open overlaps are told again.",
      act: "Nothing, if one of them was restored from a backup. Else look for what has changed its database.",
    },
    reinstated: {
      level: "info",
      fields: { records: "number" },
      means: "A member is back in good standing: its records were matched again.",
    },
    removed: { level: "info", means: "What the broker held of a removed member is gone." },
  },
  snapshot: {
    written: {
      level: "info",
      fields: { records: "number", tookMs: "number" },
      means: "A snapshot of the index was written: the next start reads from the streams only what comes after it.",
    },
    loaded: {
      level: "info",
      fields: { records: "number", tookMs: "number" },
      means: "Memory was brought back from a snapshot; what came after it is read from the streams.",
    },
    none: {
      level: "info",
      means: "There is no snapshot: memory is brought back from the streams, which takes longer.",
    },
    unusable: {
      level: "error",
      means:
        "The snapshot is damaged, of another version, or not of this ledger: memory is brought back from the streams, which takes longer.",
      act: "Nothing, if a backup was put back. Else look at the disk.",
    },
    notWritten: {
      level: "error",
      means: "No snapshot could be written; the one before stays.",
      act: "`error` says why, such as a disk that is full. The next start takes longer until it is mended.",
    },
  },
  submission: {
    unproven: {
      level: "warn",
      fields: { member: "word?", code: "word", bytes: "number" },
      means: "A message under this member's name cannot be believed or read; it was passed over.",
      act: "Once after a rotation of keys: nothing. Again and again: ask the member which version and keys it runs.",
    },
    kindUnknown: {
      level: "warn",
      fields: { member: "word?", field: "number" },
      means: "A submission is of a kind that this version does not know; it was rejected.",
      act: "Install the newer version of the broker.",
    },
  },
  publication: {
    applied: {
      level: "info",
      fields: { member: "word?", entries: "number", rejected: "number" },
      means: "Entries of a member were matched.",
    },
  },
  statement: {
    notAwaited: {
      level: "info",
      fields: { member: "word?", refusal: "word", count: "number" },
      means:
        "What a member states on meetings was passed over, since nothing is awaited, or an answer on a newer meeting.",
    },
    wrong: {
      level: "warn",
      fields: { member: "word?", count: "number" },
      means: "What a member states on meetings does not verify. It counts for nothing.",
      act: "Once: nothing. Again and again an alarm says so: ask the member.",
    },
  },
  epoch: {
    purged: {
      level: "info",
      fields: { epoch: "number", messages: "number" },
      means: "An ended epoch's submissions were destroyed at NATS.",
    },
  },
  nats: {
    streamsMade: {
      level: "info",
      fields: { member: "word?" },
      means: "NATS makes this member's streams, after it had refused to.",
    },
    streamKept: {
      level: "error",
      means: "The broker may not delete a removed member's stream; it was emptied instead.",
      act: "Delete the empty stream at the NATS server, if it is in the way.",
    },
  },
  evaluator: {
    retireFailed: {
      level: "error",
      means: "Key shares whose epochs have ended could not be destroyed.",
      act: "See to the directory `keys/`; it is tried again at the next directive.",
    },
  },
  console: {
    listenerFailed: {
      level: "error",
      means: "One of the console's open pages could not be told of a change.",
      act: "If it comes again and again, report it with this line.",
    },
  },
  alarm: {
    clockDisagrees: {
      level: "error",
      fields: { skewMs: "number" },
      means:
        "This machine's clock and the members' clocks differ by more than five minutes: nothing expires until they agree.",
      act: "Set the clock by NTP.",
    },
    raised: {
      level: "warn",
      fields: { kind: "word", member: "word?" },
      means: "The console shows a new alarm of this kind.",
      act: "Open it in the console: it says what to do.",
    },
    directoryRefused: {
      level: "error",
      means: "Somebody put a chain there that does not prove. What was proven before stays in force.",
      act: "Find out who.",
    },
    keyReplaced: {
      level: "warn",
      means: "The board has given the broker another signing key than this process has; it serves nobody.",
      act: "Nothing if the key was made by `causeway admin next-key` in this directory: it is taken at once. Else the broker is where that key is.",
    },
    streamEmptied: {
      level: "warn",
      fields: { member: "word?", messages: "number" },
      means: "A member's stream was full of messages that cannot be opened: it was emptied, of so many messages.",
      act: "Somebody has the member's NATS user, or the NATS server. If it comes again, ask the board for new keys of the member.",
    },
    noticeUnproven: {
      level: "error",
      fields: { member: "word", number: "number" },
      means: "Somebody has written into the broker's ledger: this notice is not as the broker signed it.",
      act: "Find out who; put the backup of `data/` back.",
    },
    streamIncomplete: {
      level: "warn",
      fields: { member: "word?", missing: "number", kind: "word?" },
      means:
        "NATS lost submissions of the member; matches of those records may be missing. `kind` while the broker runs: the stream is `missing`, `wentBack` to an earlier state, or messages have `vanished` from it.",
      act: "Nothing for the records: the member's node compares, and sends again what is missing; the alarm ends then. Look at the disks of the NATS servers.",
    },
    streamNearlyFull: {
      level: "warn",
      fields: { member: "word?", percent: "number" },
      means:
        "So much of the messages or bytes that the member's submission stream may hold is used; a full one takes nothing.",
      act: "Raise `streams.submissionBytesMax` and restart the broker, or have the board open another epoch: the stream is emptied of an epoch that has ended.",
    },
    streamsRefused: {
      level: "error",
      fields: { member: "word?", natsCode: "number?", delayMs: "number" },
      means: "NATS does not make this member's streams, or not as large as `streams` says. Others are served.",
      act: "Make room at the NATS server, or make `streams` smaller and restart the broker.",
    },
    submissionRefused: {
      level: "warn",
      fields: { member: "word?", refusal: "word" },
      means: "A member's chain of submissions is not the one that the broker knows.",
      act: "A restored ledger, a copied node, or a forger: compare backups at both ends.",
    },
    foreignNotices: {
      level: "warn",
      fields: { member: "word?", statement: "word" },
      means: "A member confirms notices that this broker has not written.",
      act: "A restored ledger, a copied node, or a forger: compare backups at both ends.",
    },
  },
});
