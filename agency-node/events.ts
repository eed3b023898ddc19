/** What a node tells its operator. Handles are cut by the log; no identifier is ever in a line. */
import { defineEvents } from "../shared/world/events.ts";

export const events = defineEvents({
  node: {
    started: {
      level: "info",
      fields: { member: "word?", port: "number?" },
      means:
        "The node serves the unit's own commands, at `port` those of its other workstations, and connects by itself.",
    },
    failed: {
      level: "error",
      means: "The node cannot go on and ends.",
      act: "`error` and `message` say why: mend it, start it again.",
    },
  },
  workstations: {
    unreadable: {
      level: "error",
      means: "The list of workstations cannot be read, or is open to others: no workstation is let in, and none stays.",
      act: "`message` says why: mend it. It is read again every second.",
    },
  },
  nats: {
    refused: {
      level: "error",
      means: "The NATS server refuses this unit's credentials; it is tried again after each directive.",
      act: "Has the board suspended the unit? Else its credentials are of another founding: install the bundle again.",
    },
  },
  records: {
    domainLost: {
      level: "warn",
      fields: { records: "number" },
      means: "The board has taken a domain from this unit: its records there were taken back, and match nobody.",
      act: "Tell the unit's people. Should the board give the domain back, import the records again.",
    },
    notErased: {
      level: "error",
      means: "What is left of records that have ended could not be erased; it is tried again within the hour.",
      act: "See to the node's disk. If it comes again and again, report it with this line.",
    },
  },
  outbox: {
    resent: {
      level: "info",
      fields: { rows: "number" },
      means:
        "No receipt of the broker's was heard for long: the first of what waits was sent again, and more once that is answered.",
    },
    waiting: {
      level: "error",
      fields: { delayMs: "number" },
      means: "NATS takes no submission just now; it is sent again after `delayMs`.",
      act: "If it stays so while the connection is up, the member's stream is full: ask the broker's operator.",
    },
  },
  delivery: {
    waiting: {
      level: "error",
      fields: { kind: "word" },
      means: "A message of the broker could not be carried out yet; it is tried again, and those behind it wait.",
      act: "`error` says why. If it stays so, report it with this line.",
    },
    refused: {
      level: "error",
      means: "A message under the broker's name cannot be believed or read; it was passed over.",
      act: "After a new key of the broker it ends by itself. Else tell the broker's operator.",
    },
    kindUnknown: {
      level: "warn",
      fields: { field: "number" },
      means: "A message of the broker is of a kind that this version does not know; it was passed over.",
      act: "Install the newer version.",
    },
  },
  submission: {
    rejected: {
      level: "warn",
      fields: { entries: "number", reason: "word?" },
      means: "The broker has rejected entries of a submission.",
      act: "`causeway node records` shows the reason beside each record.",
    },
  },
  broker: {
    submissionLost: {
      level: "error",
      fields: { expected: "number" },
      means: "The broker asked again for what it had given a receipt for: it has lost data. What waits is sent anew.",
      act: "Tell the broker's operator: records are sent again after the next digest.",
    },
  },
  notice: {
    chainBroken: {
      level: "error",
      fields: { number: "number" },
      means: "The broker's notices do not follow from each other: this one and those behind it are not taken.",
      act: "Tell the broker's operator: a restored ledger, or somebody has written into it.",
    },
    kindUnknown: {
      level: "warn",
      fields: { number: "number", field: "number" },
      means: "A notice of a kind that this version does not know was kept and passed over.",
      act: "Install the newer version.",
    },
    matchUnknown: {
      level: "warn",
      means: "A notice speaks of a match that this node does not know; it was passed over.",
      act: "After a restored backup: nothing. Else tell the broker's operator.",
    },
  },
  counterpart: {
    refused: {
      level: "error",
      fields: { match: "word" },
      means:
        "What the broker says of a match's other side does not hold by binder, statement and chain; it is not shown.",
      act: "Ask the board. It ends by itself if this node was behind with the directives.",
    },
  },
  matches: {
    read: {
      level: "info",
      fields: { matches: "number" },
      means: "Overlaps that could not be read when the broker told of them, as after a restore, can be read now.",
    },
  },
  statements: {
    waiting: {
      level: "error",
      means: "What was found of overlaps could not be stated to the broker; it is tried again.",
      act: "`UNAVAILABLE` while no epoch is open: nothing. If it stays so, report it with this line.",
    },
  },
  notices: {
    unconfirmed: {
      level: "error",
      means: "The broker could not be told how far its notices are here; it is told another time.",
      act: "`OUT_OF_SEQUENCE` while no epoch is open: nothing. If it stays so, report it with this line.",
    },
  },
  health: {
    waiting: { level: "error", means: "The unit's figures could not be stated to the board; it is tried again." },
  },
  evaluator: {
    unproven: {
      level: "warn",
      fields: { evaluator: "word", fault: "word" },
      means: "An evaluator's answer failed its proof; the batch was dropped.",
      act: "Keep `evidence/`, tell the board at once.",
    },
  },
  evidence: {
    lost: {
      level: "error",
      fields: { evaluator: "word", fault: "word" },
      means: "A signed statement against an evaluator could not be written to `evidence/`.",
      act: "See to the disk: this line is the only trace of it.",
    },
  },
  key: {
    offered: {
      level: "info",
      fields: { epoch: "number" },
      means: "The unit's key for an epoch to come was made and offered to the board.",
    },
  },
  keyOffer: {
    waiting: {
      level: "info",
      fields: { code: "word" },
      means: "No key for an epoch to come could be offered; the broker is asked again.",
      act: "`UNAVAILABLE` passes. `EXHAUSTED`: 16 different keys were offered for one epoch; look for a second copy of the directory.",
    },
  },
  keys: {
    destroyed: { level: "info", fields: { keys: "number" }, means: "Keys of ended epochs were destroyed." },
  },
  epoch: {
    joined: {
      level: "info",
      fields: { epoch: "number", generation: "number" },
      means: "The node takes part in an epoch and sends its records for it.",
    },
    forgotten: { level: "info", fields: { epoch: "number" }, means: "What was kept for an ended epoch is gone." },
  },
  publishing: {
    waiting: {
      level: "error",
      fields: { delayMs: "number" },
      means: "Records could not be hardened or published; it is tried again after `delayMs`.",
      act: "`EXHAUSTED`: the budget is used up: wait a day, or ask the board. `UNAVAILABLE`: is an evaluator away?",
    },
  },
  record: {
    unusable: {
      level: "error",
      fields: { handle: "word" },
      means: "A stored record holds what cannot be hardened; it was refused, others go on.",
      act: "Look for it among the rejected ones, correct the source, import it again.",
    },
  },
  digest: {
    differed: {
      level: "warn",
      fields: { epoch: "number", buckets: "number" },
      means: "The broker does not hold what the node has published.",
      act: "Once: nothing. Again and again: tell the broker's operator.",
    },
    repaired: {
      level: "warn",
      fields: { epoch: "number", buckets: "number", records: "number", withdrawn: "number" },
      means: "What the broker lacked was sent again; what this node had ended and the broker still held was withdrawn.",
      act: "Once: nothing. Again and again: tell the broker's operator.",
    },
    waiting: {
      level: "error",
      fields: { epoch: "number" },
      means: "The node could not compare itself with the broker; it is tried again.",
    },
  },
  strays: {
    held: {
      level: "warn",
      fields: { records: "number", epoch: "number" },
      means:
        "The broker holds records of this unit that its database does not know, as after a restore: they are held.",
      act: "Import the files again, or put the database back; what is left `causeway node strays` lists and withdraws.",
    },
  },
  canaries: {
    waiting: {
      level: "warn",
      fields: { code: "word" },
      means: "Test records could not be planned, as while no epoch is active or the unit is suspended.",
    },
  },
  silence: {
    proven: { level: "info", means: "Test records have met in time: that nothing was found means something." },
    unproven: {
      level: "warn",
      fields: { missing: "word" },
      means: "Test records of this unit and those that `missing` names did not meet in time.",
      act: "Are their nodes, the broker and the evaluators running? Is a budget used up? It ends by itself.",
    },
  },
});
