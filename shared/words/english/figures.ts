/** Counts, spans and instants. */
export const figures = {
  "figures.records": "{count, plural, one {# record} other {# records}}",
  "figures.testRecords": "{count, plural, one {# test record} other {# test records}}",
  "figures.tokens": "{count, plural, one {# token} other {# tokens}}",
  "figures.members": "{count, plural, one {# member} other {# members}}",
  "figures.directives": "{count, plural, one {# directive} other {# directives}}",
  "figures.days": "{count, plural, one {# day} other {# days}}",
  "figures.hours": "{count, plural, one {# hour} other {# hours}}",
  "figures.minutes": "{count, plural, one {# minute} other {# minutes}}",
  "figures.seconds": "{count, plural, one {# second} other {# seconds}}",
  "figures.sessions": "{count, plural, one {# session} other {# sessions}}",
  "figures.submissions": "{count, plural, one {# submission} other {# submissions}}",
  "figures.signatures": "{count, plural, one {# signature} other {# signatures}}",
  "figures.times": "{count, plural, one {# time} other {# times}}",
  // The space is one that no line breaks.
  "figures.percent": "{count, number}\u00a0%",
  "figures.percentUnder": "under {count, number}\u00a0%",
  "figures.moment": "{day}, {time} UTC",
  "figures.time": "{time} UTC",
  "figures.exactMoment": "{day}, {time}",
} as const;
