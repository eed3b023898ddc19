/** What needs an administrator now, and what to worry about in what a node says of itself. */
export const attention = {
  "attention.noConnection": "The broker is not connected to NATS: nothing is taken in and nobody is told anything",
  "attention.unproven":
    "Policy unproven: nodes refuse administrative acts until the registrar states that directive {number} is the latest",
  "attention.unprovenSince":
    "Policy unproven since {since}: nodes refuse administrative acts until the registrar states that directive {number} is the latest",
  "attention.olderDirective": "The freshness statement names directive {stated}, but {latest} is the latest",
  "attention.freshnessEnds": "The freshness statement ends in {left}",
  "attention.alarm": "{alarm}: {text}",
  "attention.alarmOf": "{alarm} at {member}: {text}",
  "attention.proposal":
    "{headline}: needs {missing, plural, one {# more approval} other {# more approvals}}{mine, select, yes {, yours is missing} other {}}",
  "attention.enrolment": "{name} has handed in its keys: compare the fingerprint by telephone",
  "attention.epochReady": "Epoch {epoch} is ready to be activated",
  "attention.epochWaits": "Epoch {epoch} waits for {members}",
  "attention.epochNotNeeded": "Epoch {epoch} can be retired: nobody needs it any more",
  "attention.epochStaysOpen": "Epoch {epoch} stays open for {members}",
  "attention.epochEnds": "Epoch {epoch} is to be retired by {day}: plan the next one",
  "attention.rotationDue":
    "Somebody knows salts in use whom they are not for any more: open an epoch with new salts{newGeneration, select, yes { and evaluator keys} other {}}",
  "attention.rootEnds":
    "The TLS root ends on {day}: make the next one at the registrar, and add it with causeway admin tls-roots",
  "attention.member": "{member}: {concern}{more, plural, =0 {} other { (and # more)}}",

  // A word or two before each of these.
  "attentionTag.noConnection": "No connection",
  "attentionTag.notFresh": "Not fresh",
  "attentionTag.freshnessEnds": "Freshness ends",
  "attentionTag.alarm": "Alarm",
  "attentionTag.proposal": "Proposal",
  "attentionTag.enrolment": "Enrolment",
  "attentionTag.holdPoint": "Hold point",
  "attentionTag.rotation": "Rotation",
  "attentionTag.rotationDue": "Rotation due",
  "attentionTag.rootEnds": "TLS root",

  // Each can stand after the member's name and a colon.
  "concern.neverHeard": "its node has not said anything yet",
  "concern.quarantined":
    "its records meet nobody: it owes more overdue statements on meetings than the policy allows, and comes back once its node has answered.",
  "concern.noRoom":
    "its streams are refused by NATS, most likely for want of room: what it publishes may not be taken until then",
  "concern.twoHistories": "its directive {number} is another one than ours: somebody keeps two histories",
  "concern.behind": "lacks the last {directives}",
  "concern.notHeard": "its node has been silent for {span}",
  "concern.unproven": "its “no match” is unproven since {since}",
  "concern.outboxWaits": "when it last spoke, a submission had waited for its receipt for {span}",
  "concern.oldVersion":
    "skipped {count, plural, one {# notice} other {# notices}} of a kind that its version does not know: it must be updated",
  "concern.clock": "its clock is {skew}",
  "concern.hindered": "cannot take part in epoch {epoch}: {obstacle}",
  "concern.digestOpen": "no digest agreed in epoch {epoch} since its last change",

  "concernTag.neverHeard": "Never heard",
  "concernTag.quarantined": "Meets nobody",
  "concernTag.noRoom": "No room",
  "concernTag.twoHistories": "Two histories",
  "concernTag.behind": "Behind",
  "concernTag.notHeard": "Not heard",
  "concernTag.unproven": "Unproven",
  "concernTag.outboxWaits": "Outbox waits",
  "concernTag.oldVersion": "Old version",
  "concernTag.clock": "Clock",
  "concernTag.hindered": "Hindered",
  "concernTag.digestOpen": "Digest open",

  // A node's clock beside the broker's.
  "clock.inStep": "in step",
  "clock.ahead": "{span} ahead",
  "clock.behind": "{span} behind",
} as const;
