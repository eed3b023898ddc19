/** What keeps somebody from taking part, in words. */
import type { Obstacle } from "../core/data-plane.ts";
import type { Hindrance } from "../core/rotation.ts";
import { dateTime } from "./figures.ts";
import { say, wordFor } from "./say.ts";

/** Why the others wait for a member, in words that can stand after its name and a colon. */
export function hindranceWords(why: readonly Hindrance[]): string {
  return why.map(wordsOf).join("; ");
}

function wordsOf(why: Hindrance): string {
  switch (why.kind) {
    case "silent":
      return say("hindrance.silent", { since: dateTime(why.sinceMs) });
    case "obstacle":
      return say("hindrance.obstacle", { obstacle: obstacleWords(why.obstacle) });
    case "records":
    case "canaries":
      return say(`hindrance.${why.kind}`, why);
    case "neverHeard":
    case "otherHistory":
    case "notBegun":
    case "digest":
      return say(`hindrance.${why.kind}`);
  }
}

/** Why another's node cannot take part. It may be of a later version, whose word is shown as it came. */
export function obstacleWords(obstacle: Obstacle | (string & {})): string {
  return wordFor("obstacle", obstacle);
}

/** The same to the unit itself, with what it can do. */
export function ownObstacleWords(obstacle: Obstacle | (string & {})): string {
  return wordFor("ownObstacle", obstacle);
}
