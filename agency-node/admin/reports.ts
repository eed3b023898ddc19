/** What members say of themselves, verified here with their keys from the chain: the broker passes it on and cannot make it up. */
import type { Health } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { MemberReport } from "../../shared/core/rotation.ts";
import { openHealth } from "../../shared/wire/data-plane.ts";
import type { HealthEntry } from "./office.ts";
import type { Seat } from "./seat.ts";

export type VerifiedReport = MemberReport & {
  readonly receivedAtMs: number;
  readonly lastAppliedMs: number;
  readonly streamsRefused: boolean;
  /** There was a statement, and its signature is not the member's. */
  readonly forged: boolean;
};

/** Of every member in good standing that the broker knows something of. */
export async function verifiedReports(seat: Seat): Promise<ReadonlyMap<MemberId, VerifiedReport>> {
  const entries = await seat.office.health();
  return new Map(
    entries
      .filter(({ member }) => seat.federation.members.has(member))
      .map((entry) => [entry.member, verified(entry, seat.federation)]),
  );
}

function verified(entry: HealthEntry, federation: Federation): VerifiedReport {
  const { receivedAtMs, lastAppliedMs, held, streamsRefused } = entry;
  const statement = statementOf(entry, federation);
  const forged = entry.statement !== undefined && statement === undefined;
  return { statement, forged, receivedAtMs, lastAppliedMs, held, streamsRefused };
}

function statementOf({ member, statement }: HealthEntry, federation: Federation): Health | undefined {
  const signingKey = federation.members.get(member)?.signingKey;
  if (statement === undefined || signingKey === undefined) return undefined;
  try {
    return openHealth(statement, { federation: federation.id, member, signingKey });
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}
