/** What an officer reads about a match. */
export const matches = {
  "match.claimed": "{claim} (your record {reference}, {grade}). {step}",
  "match.unproven": "An overlap with your record {reference} is claimed and not proven. {step}",
  "match.closed": "The overlap with your record {reference} is closed: {reason}.",
  "match.closedWith": "The overlap with your record {reference} is closed: {reason}. {more}",
  "match.unit": "Another unit",
  "match.unitWithMandate": "{vowel, select, yes {An} other {A}} {mandate} unit",
  // Identity: the same subject. Association: two subjects share something, which the reason names.
  "match.identity": "{unit} also holds this {subject}",
  "match.association": "{unit} holds another subject that shares something with this {subject} ({reason})",
  // In the place of reasons.
  "match.copied": "No token of the other record proves that its unit knows what met",
  "match.versionUnknown":
    "A version of the record that this node no longer holds met another unit''s; import the record again",
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

  "closeReason.withdrawn": "a side withdrew its record",
  "closeReason.expired": "a side''s review day has passed",
  "closeReason.amended": "a side changed its record",

  "handling.open": "open",
  "handling.brokered": "brokered",
  "handling.silent": "silent",

  "contact.call": "Call {lines}.",
  "contact.was": "The other side was {lines}.",
  "contact.brokered": "It wishes not to be named: ask your board to put you in touch.",
  "contact.none": "The other side discloses nothing more.",

  // The next allowed step.
  "step.proving": "Wait: both units are proving that they know what met; whom to call follows.",
  "step.otherLate":
    "The other unit has not proven since {since} that it knows this {subject}. The board is told: ask it before you act.",
  "step.ownLate":
    "This unit has not proven since {since} that it knows this {subject}, so it is not told whom to call: import the record again.",
  "step.bothLate":
    "Neither unit has proven since {since} that it knows this {subject}. Import the record again, and ask your board.",
  "step.protected": "Tell your protection officer: of victims and witnesses nothing more is disclosed in this version.",
  "step.call": "Call the other unit before you act.",
  "step.withheld": "The other unit''s handling withholds its contact: ask your coordinator.",
  "step.copied":
    "Another unit''s record came with a token of this {subject} and without proof that it knows it: copied, or withheld to stay unnamed. The board is told which unit: ask it before you act.",
  "step.refused":
    "The other unit does not accept that this one knows this {subject}, and neither is named. Ask your board before you act.",
  "step.misnamed":
    "What the broker says of the other unit that holds this {subject} does not hold: ask your board before you act.",
  "step.unread":
    "This node no longer holds the version of the record that met, so it cannot check which unit also holds this {subject}: ask your board before you act.",
  "step.closed": "Nothing: the match has ended.",
  "step.endedUnproven":
    "The other unit never proved that it knows this {subject}, and is not named: ask your board who it was.",
  "step.endedUnread":
    "This node could not read what met of this {subject} and proved nothing, so the other unit is not named: ask your board who it was.",
} as const;
