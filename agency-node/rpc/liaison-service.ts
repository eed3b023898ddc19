/** `LiaisonService`: what a liaison officer sees of the node's matches. */
import { isDeepStrictEqual } from "node:util";
import type { CallContext } from "nice-grpc";
import { grpcService } from "../../shared/platform/grpc.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import { LiaisonServiceDefinition } from "../wire/gen/causeway/node/v1/liaison.ts";
import type { Match, WatchMatchesResponse } from "../wire/gen/causeway/node/v1/liaison.ts";
import { parseListMatchesRequest, parseWatchMatchesRequest } from "../wire/liaison-requests.ts";
import { matchStep } from "../../shared/words/match.ts";
import type { MatchProgress } from "../../shared/words/match.ts";
import type { CanaryReport } from "../canary-report.ts";
import type { Comparison } from "../comparison.ts";
import type { NamedCounterpart } from "../core/counterpart.ts";
import { doubtOf, isProving } from "../core/match.ts";
import type { MatchState } from "../core/match.ts";
import type { Matches } from "../matches.ts";
import type { Inbox } from "../store/inbox.ts";
import type { RecordStore } from "../store/records.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { comparedOf } from "./status.ts";
import { actorOf } from "./local-caller.ts";
import type { Door } from "./local-caller.ts";

export type LiaisonServiceParts = {
  readonly door: Door;
  readonly world: Pick<World, "after">;
  readonly matches: Matches;
  readonly inbox: Inbox;
  readonly records: RecordStore;
  readonly canaries: CanaryReport;
  readonly comparison: Comparison;
};

/** How often a watcher that sees no change looks whether its caller has hung up, and whether silence is still proven. */
const IDLE_MS = 30_000;

export function liaisonService(parts: LiaisonServiceParts): GrpcService {
  const { world, door, matches, inbox, canaries } = parts;
  const silence = () => ({
    silenceUnprovenSinceMs: BigInt(canaries.unprovenSinceMs()),
    skippedNotices: BigInt(inbox.skipped),
    ...comparedOf(parts),
  });
  return grpcService(LiaisonServiceDefinition, {
    async listMatches(request, context: CallContext) {
      const actor = actorOf(context, door);
      const { all, reason } = parseListMatchesRequest(request);
      const shown = matches.list({ all }, { actor, reason });
      return { matches: shown.map((match) => toMatch(match, parts)), ...silence() };
    },
    async *watchMatches(request, context: CallContext): AsyncGenerator<WatchMatchesResponse> {
      const actor = actorOf(context, door);
      const { reason } = parseWatchMatchesRequest(request);
      // Entered in one transaction, before the first is shown: an fsync each would make a long list slow.
      function* shown(batch: readonly MatchState[]): Generator<WatchMatchesResponse> {
        if (batch.length === 0) return;
        matches.show(batch, { actor, reason });
        // Counted once: it goes through all that there is.
        const now = silence();
        for (const match of batch) yield { match: toMatch(match, parts), ...now };
      }
      const changed = new Map<string, MatchState>();
      const wake = new Wake(world);
      const stop = matches.watch((match) => {
        changed.set(match.matchId, match);
        wake.set();
      });
      try {
        yield* shown(inbox.matches());
        let told = silence();
        yield { match: undefined, ...told };
        while (!context.signal.aborted) {
          const batch = [...changed.values()];
          changed.clear();
          yield* shown(batch);
          const now = silence();
          if (!isDeepStrictEqual(now, told)) yield { match: undefined, ...(told = now) };
          if (changed.size === 0) await wake.wait(IDLE_MS, context.signal);
        }
      } finally {
        stop();
      }
    },
  });
}

function toMatch(match: MatchState, { records, matches }: LiaisonServiceParts): Match {
  const record = records.byHandle(match.handle)?.record;
  const counterpart = matches.counterpartOf(match);
  const endedUnproven = matches.endedUnproven(match);
  const subjectKind = record?.subject.kind ?? "";
  return {
    id: match.matchId,
    reference: record?.reference ?? "",
    subjectKind,
    caseReference: record?.caseReference ?? "",
    grade: match.grading.grade,
    kind: match.grading.kind,
    reasons: [...match.grading.reasons, ...(match.grading.unmet ?? [])],
    state: match.status,
    closeReason: match.closeReason ?? "",
    openedAtMs: BigInt(match.openedAtMs),
    updatedAtMs: BigInt(match.updatedAtMs),
    counterpart: counterpart && toCounterpart(counterpart),
    nextStep: matchStep(progressOf(match, counterpart, endedUnproven), subjectKind),
    handling: record?.handling ?? "",
    reviewBy: record?.reviewBy ?? "",
    endedUnproven,
  };
}

/** Texts that were withheld are empty. */
function toCounterpart({
  handling,
  mandate = "",
  name = "",
  slug = "",
  contact,
}: NamedCounterpart): Match["counterpart"] {
  return { handling, mandate, name, slug, contact };
}

function progressOf(
  match: MatchState,
  counterpart: NamedCounterpart | undefined,
  endedUnproven: boolean,
): MatchProgress {
  const { status, overdue, openedAtMs: sinceMs } = match;
  const doubt = doubtOf(match);
  // What was stated since the broker said who is late is on its way.
  const ownStated = match.statement !== undefined;
  if (status === "closed") return { status, unproven: endedUnproven, ownStated };
  if (doubt !== undefined) return { status: "unproven", doubt };
  if (status === "proven") return { status, contactKnown: counterpart?.contact !== undefined };
  return {
    status: "open",
    proving: isProving(match),
    ...(overdue && { overdue: { ...overdue, ownStated, sinceMs } }),
  };
}
