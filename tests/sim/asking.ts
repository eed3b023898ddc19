/** Units whose nodes are tampered with, in a federation whose other programs are as they are. All persons and units are invented. */
import type { MatchState } from "../../agency-node/core/match.ts";
import { byClass } from "../../shared/core/data-plane.ts";
import type { SubmissionBody, Upsert } from "../../shared/core/data-plane.ts";
import type { Randomness } from "../../shared/world/world.ts";
import type { MemoryFederation } from "./federation.ts";
import { OFFICER } from "./memory-unit.ts";

export const HIM = {
  kind: "person",
  name: "Arvo Quilbrand",
  birthDate: "1984-03-12",
  passportNumber: "N4177330",
  documentCountry: "Jordan",
};
export const MINUTE_MS = 60_000;

/** From now on the unit's node says `tampered` of all that it would send, and nothing where that is `undefined`. */
export function tamperWith(
  federation: MemoryFederation,
  slug: string,
  tampered: (body: SubmissionBody) => SubmissionBody | undefined,
): void {
  const { outbox } = federation.unit(slug).node;
  const append = outbox.append.bind(outbox);
  outbox.append = (body, ...rest) => {
    const said = tampered(body);
    return said === undefined ? outbox.next() : append(said, ...rest);
  };
}

/** `tampered` with what a node publishes of each record. */
export function tamperWithRecords(body: SubmissionBody, tampered: (entry: Upsert) => Upsert): SubmissionBody {
  if (body.kind !== "publication") return body;
  return { ...body, entries: body.entries.map((entry) => (entry.operation === "upsert" ? tampered(entry) : entry)) };
}

export const isStatement = ({ kind }: SubmissionBody): boolean => kind === "statements";

/** The tokens are right, as in a copy of the broker's index; the tags of the copied record are made for another binder. */
export function withCopiedTokens(entry: Upsert, { randomBytes }: Pick<Randomness, "randomBytes">): Upsert {
  return { ...entry, tags: byClass((tokenClass) => randomBytes(entry.tags[tokenClass].length)) };
}

/** What the unit's officers are shown without asking for more. */
export const listed = (federation: MemoryFederation, slug: string): MatchState[] =>
  federation.unit(slug).node.matches.list({ all: false }, { actor: OFFICER, reason: "" });
