/** Texts of `shared/words` on pages: names lead somewhere, and what others wrote stays apart. */
import type { Admit } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { fingerprint, hex, link, named, several, time } from "../../shared/web/pieces.ts";
import type { Content, Html } from "../../shared/web/html.ts";
import type { Names } from "../../shared/words/names.ts";
import type { Fact, Line, Mark } from "../../shared/words/pieces.ts";

/** The member's name, leading to its page. */
export function memberLink(names: Names, member: MemberId): Html {
  const known = names.membership(member);
  return known === undefined ? named(names.member(member)) : link(memberPath(known.admit), named(known.admit.name));
}

/** By id: a slug may be given again once its member has left. */
export function memberPath({ member }: Pick<Admit, "member">): string {
  return `/members/${member}`;
}

/** Facts as rows for `facts`. */
export function factRows(facts: readonly Fact[], names: Names): (readonly [string, Content])[] {
  const shown = (line: Line): Content =>
    line.map((piece) => (typeof piece === "string" ? piece : markContent(piece, names)));
  return facts.map(({ label, lines }) => [label, several(lines.map(shown))]);
}

function markContent(mark: Mark, names: Names): Html {
  switch (mark.kind) {
    case "name":
      return named(mark.text);
    case "member":
      return memberLink(names, mark.member);
    case "bytes":
      return hex(mark.hex);
    case "id":
      return fingerprint(mark.hex);
    case "instant":
      return time(mark.ms);
  }
}
