/**
 * Exit codes of every command. `usage`: the command, an option or a file has the wrong form. `someRefused`: an import took the other
 * rows. `waiting`: others must do their part first; then the same command goes on. `unsure`: all runs, and not all records are compared yet, or
 * something waits for a person's decision.
 */
export const EXIT = { ok: 0, failure: 1, usage: 2, someRefused: 3, waiting: 4, unsure: 5 } as const;
