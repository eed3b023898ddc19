/** What an administrator should worry about in what a node says of itself. */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Health } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { MemberHealth } from "./console-data.ts";
import { STATEMENT_MS_MAX } from "../../shared/core/rotation.ts";
import { OUTBOX_MS_MAX, SKEW_MS_MAX } from "./limits.ts";
import type { Colour } from "../../shared/web/pieces.ts";
import { obstacleWords } from "../../shared/words/hindrance.ts";
import { dateTime, duration } from "../../shared/words/figures.ts";
import { say } from "../../shared/words/say.ts";

export type Concern = {
  /** A word or two. */
  readonly tag: string;
  /** Red: act now. Yellow: have a look. */
  readonly colour: Extract<Colour, "red" | "yellow">;
  readonly text: string;
};

/** The node's clock minus the broker's, as of its last statement; the time on the way is in it. */
export function skewMs({ statement, receivedAtMs }: MemberHealth): number | undefined {
  return statement === undefined ? undefined : statement.nodeTimeMs - receivedAtMs;
}

/** Everything that is not as it should be, the gravest first. */
export function concernsOf(health: MemberHealth | undefined, federation: Federation, nowMs: number): Concern[] {
  const streams = streamsConcern(health);
  if (health?.statement === undefined) {
    const neverHeard: Concern = { tag: "Never heard", colour: "yellow", text: "Its node has not said anything yet" };
    return streams === undefined ? [neverHeard] : [streams, neverHeard];
  }
  const concerns = [streams, historyConcern(health, federation), unheardConcern(health, nowMs), canaryConcern(health)];
  concerns.push(
    outboxConcern(health),
    skippedConcern(health),
    skewConcern(health),
    ...digestConcerns(health, federation),
  );
  return concerns.filter((each) => each !== undefined).sort((a, b) => rank(a) - rank(b));
}

function rank({ colour }: Concern): number {
  return colour === "red" ? 0 : 1;
}

function streamsConcern(health: MemberHealth | undefined): Concern | undefined {
  if (health?.streamsRefused !== true) return undefined;
  const text =
    "Its streams are refused by NATS, most likely for want of room: what it publishes may not be taken until then";
  return { tag: "No room", colour: "red", text };
}

function historyConcern({ statement }: MemberHealth, { head }: Federation): Concern | undefined {
  if (statement === undefined) return undefined;
  if (statement.directiveNumber === head.number && !equalBytes(statement.directiveHash, head.hash)) {
    const text = `Its directive ${head.number} is another one than ours: somebody keeps two histories`;
    return { tag: "Two histories", colour: "red", text };
  }
  if (statement.directiveNumber >= head.number) return undefined;
  const behind = say("figures.directives", { count: head.number - statement.directiveNumber });
  return { tag: "Behind", colour: "yellow", text: `Lacks the last ${behind}` };
}

function unheardConcern({ receivedAtMs }: MemberHealth, nowMs: number): Concern | undefined {
  const silentMs = nowMs - receivedAtMs;
  if (silentMs < STATEMENT_MS_MAX) return undefined;
  return { tag: "Not heard", colour: "red", text: `Its node has been silent for ${duration(silentMs)}` };
}

function canaryConcern({ statement }: MemberHealth): Concern | undefined {
  const sinceMs = statement?.canariesUnprovenSinceMs ?? 0;
  if (sinceMs === 0) return undefined;
  return { tag: "Unproven", colour: "red", text: `Its “no match” is unproven since ${dateTime(sinceMs)}` };
}

/** By the node's own clock, when it said so: what was under way then has most likely arrived since. Undefined: nothing waited. */
export function outboxAgeMs({ outboxSinceMs, nodeTimeMs }: Health): number | undefined {
  return outboxSinceMs === 0 ? undefined : Math.max(0, nodeTimeMs - outboxSinceMs);
}

function outboxConcern({ statement }: MemberHealth): Concern | undefined {
  const waitedMs = (statement && outboxAgeMs(statement)) ?? 0;
  if (waitedMs < OUTBOX_MS_MAX) return undefined;
  return {
    tag: "Outbox waits",
    colour: "yellow",
    text: `When it last spoke, a submission had waited for its receipt for ${duration(waitedMs)}`,
  };
}

function skippedConcern({ statement }: MemberHealth): Concern | undefined {
  const skipped = statement?.skippedNotices ?? 0;
  if (skipped === 0) return undefined;
  const what = skipped === 1 ? "1 notice of a kind" : `${skipped} notices of a kind`;
  return {
    tag: "Old version",
    colour: "yellow",
    text: `Skipped ${what} that its version does not know: it must be updated`,
  };
}

function skewConcern(health: MemberHealth): Concern | undefined {
  const skew = skewMs(health) ?? 0;
  if (Math.abs(skew) < SKEW_MS_MAX) return undefined;
  return { tag: "Clock", colour: "yellow", text: `Its clock is ${skewWords(skew)}` };
}

function digestConcerns({ statement }: MemberHealth, federation: Federation): Concern[] {
  return (statement?.epochs ?? []).flatMap(({ epoch, digestAgreedMs, obstacle }): Concern[] => {
    if (obstacle !== "") {
      return [
        { tag: "Hindered", colour: "red", text: `Cannot take part in epoch ${epoch}: ${obstacleWords(obstacle)}` },
      ];
    }
    if (digestAgreedMs !== 0 || federation.epochs.get(epoch)?.state !== "active") return [];
    return [{ tag: "Digest open", colour: "yellow", text: `No digest agreed in epoch ${epoch} since its last change` }];
  });
}

/** "41 seconds ahead" */
export function skewWords(ms: number): string {
  if (Math.abs(ms) < 1_000) return "in step";
  return `${duration(Math.abs(ms))} ${ms > 0 ? "ahead" : "behind"}`;
}
