/** What an officer reads about a match. */
export const matches = {
  "match.claimed": "{claim} (your record {reference}, {grade}). {step}",
  "match.unproven":
    "Somebody claimed an overlap (your record {reference}, {grade}) and could not prove it. Nothing was disclosed; do not act on it.",
  "match.closed": "The overlap with your record {reference} is closed: {reason}.",
  "match.unit": "Another unit",
  "match.unitWithMandate": "{vowel, select, yes {An} other {A}} {mandate} unit",
  // Identity: the same subject. Association: two subjects share something, which the reason names.
  "match.identity": "{unit} also holds this {subject}",
  "match.association": "{unit} holds another subject that shares something with this {subject} ({reason})",
  "match.record": "case {caseReference}, {handling}, review by {reviewBy}; {reasons}",

  "subject.person": "person",
  "subject.organisation": "organisation",
  "subject.vehicle": "vehicle",
  "subject.vessel": "vessel",
  "subject.device": "device",
  "subject.account": "account",
  "subject.place": "place",

  "grade.strong": "strong",
  "grade.probable": "probable",
  "grade.possible": "possible",
  "grade.none": "none",
  "relation.identity": "identity",
  "relation.association": "association",

  "matchState.open": "open",
  "matchState.proven": "proven",
  "matchState.unproven": "unproven",
  "matchState.closed": "closed",
  "matchState.dropped": "dropped",

  "closeReason.withdrawn": "a side withdrew its record",
  "closeReason.expired": "a side''s review day has passed",
  "closeReason.amended": "a side changed its record",
  "closeReason.memberRemoved": "the other side has left the federation",

  "handling.open": "open",
  "handling.brokered": "brokered",
  "handling.silent": "silent",

  "contact.call": "Call {lines}.",
  "contact.brokered": "It wishes not to be named: ask your board to put you in touch.",
  "contact.none": "The other side discloses nothing more.",

  // The next allowed step.
  "step.proving": "Wait: both units are proving that they know what met; whom to call follows.",
  "step.protected": "Tell your protection officer: of victims and witnesses nothing more is disclosed in this version.",
  "step.call": "Call the other unit before you act.",
  "step.withheld": "The other unit''s handling withholds its contact: ask your coordinator.",
  "step.unproven": "Do not act on this: the other side could not prove that it knows what met.",
  "step.closed": "Nothing: the match has ended.",
  "step.dropped": "Nothing: too little met.",
} as const;
