/** `ActivityService`: the log of who did what, for oversight. */
import type { CallContext } from "nice-grpc";
import { grpcService } from "../../shared/platform/grpc.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { askedBy } from "../store/activity.ts";
import type { Activity, ActivityEntry, ActivityFilter, ActivityLog } from "../store/activity.ts";
import { parseListActivityRequest } from "../wire/activity-requests.ts";
import { ActivityServiceDefinition } from "../wire/gen/causeway/node/v1/activity.ts";
import type { ListActivityResponse } from "../wire/gen/causeway/node/v1/activity.ts";
import { actorOf } from "./local-caller.ts";
import type { Door } from "./local-caller.ts";

export type ActivityServiceParts = {
  readonly door: Door;
  readonly activity: ActivityLog;
  readonly world: { readonly clock: Clock };
};

export function activityService({ door, activity, world }: ActivityServiceParts): GrpcService {
  return grpcService(ActivityServiceDefinition, {
    async *listActivity(request, context: CallContext): AsyncGenerator<ListActivityResponse> {
      const actor = actorOf(context, door);
      const { filter, reason, isExport } = parseListActivityRequest(request);
      const { last } = activity;
      const detail = isExport ? "the log exported" : "the log read";
      activity.append(world.clock(), "consultation", { ...askedBy({ actor, reason }), ...scopeOf(filter), detail });
      // Without the entry of this reading.
      for (const entry of activity.entries(filter, last)) yield toResponse(entry);
    },
  });
}

/** A reading that is not about one record or match shows what was done to all. */
function scopeOf({ reference, matchId }: ActivityFilter): Pick<Activity, "every" | "references" | "matches"> {
  if (reference === undefined && matchId === undefined) return { every: true };
  return {
    ...(reference !== undefined && { references: [reference] }),
    ...(matchId !== undefined && { matches: [matchId] }),
  };
}

function toResponse({ number, atMs, verb, activity }: ActivityEntry): ListActivityResponse {
  const { references = [], every = false, matches = [], cases = [] } = activity;
  const { reason = "", detail = "", receipt = "", program = "", recipient } = activity;
  return {
    number: BigInt(number),
    atMs: BigInt(atMs),
    verb,
    actor: toActor(activity.actor),
    references,
    every,
    matchIds: matches,
    caseReferences: cases,
    reason,
    recipient: recipient && { name: recipient.name ?? "", mandate: recipient.mandate ?? "" },
    detail,
    receipt,
    program,
  };
}

function toActor(actor: Activity["actor"]): ListActivityResponse["actor"] {
  const { kind } = actor;
  const { name, known, workstation = "" } = actor;
  if (kind === "program") return { kind, name, uid: undefined, role: "", known, workstation };
  return { kind, name, uid: actor.uid, role: actor.role ?? "", known, workstation };
}
