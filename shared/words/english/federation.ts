/** Who is who, in which state things are, and what keeps somebody back. */
export const federation = {
  "name.unknownMember": "unknown member {id}",
  "name.unknownKey": "unknown key {id}",
  "name.member": "{slug} ({name})",

  "domain.target": "suspects and their associates (target)",
  "domain.protected": "victims and witnesses (protected)",
  "domain.nexus": "the narrow check between both (nexus)",

  "epoch.number": "epoch {epoch}",
  "epoch.title": "Epoch {epoch}",
  "epochState.staging": "being filled",
  "epochState.active": "in use",
  "epochState.closing": "about to end",
  "epochState.retired": "retired",
  "epochState.aborted": "aborted",

  // Why the others wait for a member; each can stand after its name and a colon.
  "hindrance.of": "{member}: {why}",
  "hindrance.neverHeard": "never heard: its node has said nothing yet",
  "hindrance.silent": "not heard since {since}",
  "hindrance.otherHistory": "it follows another history of directives: find out why before anything else",
  "hindrance.notBegun": "it has not begun",
  "hindrance.obstacle": "it cannot take part: {obstacle}",
  "hindrance.records": "{missing, plural, one {# of its records differs} other {# of its records differ}}",
  "hindrance.digest": "its digest is not agreed on",
  "hindrance.canaries":
    "{missing, plural, one {# of its test records has not met} other {# of its test records have not met}}",

  // Of a node, seen by others: why it takes no part in an epoch.
  "obstacle.scheme": "this version of the node lacks the linkage scheme",
  "obstacle.salts": "it could not open its salts",
  // The same, said to the unit itself.
  "ownObstacle.scheme": "this version of the node lacks its linkage scheme: install a newer one",
  "ownObstacle.salts":
    "its salts cannot be opened with the keys here, or are not those that the board signed: tell the board",

  "membershipEnd.suspended":
    "suspended by the board: nothing is published or compared until it reinstates this unit; what you hold stays readable",
  "membershipEnd.removed":
    "removed from the federation: nothing is published or compared any more; what you hold stays readable",
  "membershipEnd.unknown": "the board has not admitted this unit",
  "membershipEnd.refused":
    "the broker refuses this unit: the board may have suspended or removed it, or given it other keys. Ask the board",

  "halt.EXHAUSTED": "the budget of evaluations is used up",
  "halt.UNAVAILABLE": "an evaluator does not answer, or no epoch is active",
  "halt.UNPROVEN": "an evaluator failed its proof: tell the board",
  "halt.OUT_OF_SEQUENCE":
    "an evaluator has not the key of this epoch: it has not heard of it yet, or has lost it. If that does not end, tell the board",
  "halt.ENVIRONMENT": "the epoch needs a linkage scheme that this version lacks",
} as const;
