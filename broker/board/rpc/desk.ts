import type { CredentialsDesk } from "../credentials-desk.ts";
import type { BoardParts } from "../parts.ts";
import type { Preparations } from "../preparations.ts";
import type { Proposals } from "../proposals.ts";

/** What the calls of the board's services share. */
export type BoardDesk = BoardParts & {
  readonly proposals: Proposals;
  readonly preparations: Preparations;
  readonly credentials: CredentialsDesk;
};
