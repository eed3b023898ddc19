/** The board's console. */
export const console = {
  "attention.proposal":
    "{headline}: needs {missing, plural, one {# more approval} other {# more approvals}}{mine, select, yes {, yours is missing} other {}}",
  "approvals.missing": "{signatures} of {quorum}; {missing} more needed",
  "approvals.missingOfBoth": "{given} given; {ofBoard} more of the board as it is, {ofNewBoard} of the new one",
} as const;
