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
  /** Can stand after the member's name and a colon. */
  readonly text: string;
};

/** The node's clock minus the broker's, as of its last statement; the time on the way is in it. */
export function skewMs({ statement, receivedAtMs }: MemberHealth): number | undefined {
  return statement === undefined ? undefined : statement.nodeTimeMs - receivedAtMs;
}

/** Everything that is not as it should be, the gravest first. */
export function concernsOf(health: MemberHealth | undefined, federation: Federation, nowMs: number): Concern[] {
  const broker = [quarantineConcern(health), streamsConcern(health)].filter((each) => each !== undefined);
  if (health?.statement === undefined) {
    const neverHeard: Concern = {
      tag: say("concernTag.neverHeard"),
      colour: "yellow",
      text: say("concern.neverHeard"),
    };
    return [...broker, neverHeard];
  }
  const concerns = [
    ...broker,
    historyConcern(health, federation),
    unheardConcern(health, nowMs),
    canaryConcern(health),
    outboxConcern(health),
    skippedConcern(health),
    skewConcern(health),
    ...digestConcerns(health, federation),
  ];
  return concerns.filter((each) => each !== undefined).sort((a, b) => rank(a) - rank(b));
}

function rank({ colour }: Concern): number {
  return colour === "red" ? 0 : 1;
}

function quarantineConcern(health: MemberHealth | undefined): Concern | undefined {
  if (health?.isQuarantined !== true) return undefined;
  return { tag: say("concernTag.quarantined"), colour: "red", text: say("concern.quarantined") };
}

function streamsConcern(health: MemberHealth | undefined): Concern | undefined {
  if (health?.streamsRefused !== true) return undefined;
  return { tag: say("concernTag.noRoom"), colour: "red", text: say("concern.noRoom") };
}

function historyConcern({ statement }: MemberHealth, { head }: Federation): Concern | undefined {
  if (statement === undefined) return undefined;
  if (statement.directiveNumber === head.number && !equalBytes(statement.directiveHash, head.hash)) {
    return { tag: say("concernTag.twoHistories"), colour: "red", text: say("concern.twoHistories", head) };
  }
  if (statement.directiveNumber >= head.number) return undefined;
  const directives = say("figures.directives", { count: head.number - statement.directiveNumber });
  return { tag: say("concernTag.behind"), colour: "yellow", text: say("concern.behind", { directives }) };
}

function unheardConcern({ receivedAtMs }: MemberHealth, nowMs: number): Concern | undefined {
  const silentMs = nowMs - receivedAtMs;
  if (silentMs < STATEMENT_MS_MAX) return undefined;
  const text = say("concern.notHeard", { span: duration(silentMs) });
  return { tag: say("concernTag.notHeard"), colour: "red", text };
}

function canaryConcern({ statement }: MemberHealth): Concern | undefined {
  const sinceMs = statement?.canariesUnprovenSinceMs ?? 0;
  if (sinceMs === 0) return undefined;
  const text = say("concern.unproven", { since: dateTime(sinceMs) });
  return { tag: say("concernTag.unproven"), colour: "red", text };
}

/** By the node's own clock, when it said so: what was under way then has most likely arrived since. Undefined: nothing waited. */
export function outboxAgeMs({ outboxSinceMs, nodeTimeMs }: Health): number | undefined {
  return outboxSinceMs === 0 ? undefined : Math.max(0, nodeTimeMs - outboxSinceMs);
}

function outboxConcern({ statement }: MemberHealth): Concern | undefined {
  const waitedMs = (statement && outboxAgeMs(statement)) ?? 0;
  if (waitedMs < OUTBOX_MS_MAX) return undefined;
  const text = say("concern.outboxWaits", { span: duration(waitedMs) });
  return { tag: say("concernTag.outboxWaits"), colour: "yellow", text };
}

function skippedConcern({ statement }: MemberHealth): Concern | undefined {
  const count = statement?.skippedNotices ?? 0;
  if (count === 0) return undefined;
  return { tag: say("concernTag.oldVersion"), colour: "yellow", text: say("concern.oldVersion", { count }) };
}

function skewConcern(health: MemberHealth): Concern | undefined {
  const skew = skewMs(health) ?? 0;
  if (Math.abs(skew) < SKEW_MS_MAX) return undefined;
  const text = say("concern.clock", { skew: skewWords(skew) });
  return { tag: say("concernTag.clock"), colour: "yellow", text };
}

function digestConcerns({ statement }: MemberHealth, federation: Federation): Concern[] {
  return (statement?.epochs ?? []).flatMap(({ epoch, digestAgreedMs, obstacle }): Concern[] => {
    if (obstacle !== "") {
      const text = say("concern.hindered", { epoch, obstacle: obstacleWords(obstacle) });
      return [{ tag: say("concernTag.hindered"), colour: "red", text }];
    }
    if (digestAgreedMs !== 0 || federation.epochs.get(epoch)?.state !== "active") return [];
    const text = say("concern.digestOpen", { epoch });
    return [{ tag: say("concernTag.digestOpen"), colour: "yellow", text }];
  });
}

/** "41 seconds ahead" */
export function skewWords(ms: number): string {
  if (Math.abs(ms) < 1_000) return say("clock.inStep");
  return say(ms > 0 ? "clock.ahead" : "clock.behind", { span: duration(Math.abs(ms)) });
}
