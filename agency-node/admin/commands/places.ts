/** `causeway admin places`, `tls-roots`: where parties are reached, and under which roots they prove themselves. */
import { addressesIn } from "../../../shared/core/addresses.ts";
import { equalBytes } from "../../../shared/core/bytes.ts";
import { understoodOf } from "../../../shared/core/capabilities.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { readPublicText } from "../../../shared/party/key-files.ts";
import { certificateDer, rootLife } from "../../../shared/platform/tls.ts";
import { table } from "../../../shared/terminal/output.ts";
import { dateTime } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";
import { rootId } from "../../registrar/root-id.ts";
import { putForward } from "../desk.ts";
import type { Common, Desk } from "../desk.ts";
import { isSameFingerprint } from "../../../shared/party/enrolment.ts";
import { verifiedReports } from "../reports.ts";

export type PlacesFlags = Common & {
  readonly broker?: string;
  readonly evaluator: readonly string[];
  readonly nats?: string;
  readonly anyway?: boolean;
  readonly reason: string;
};
export type RootsFlags = Common & {
  readonly add?: string;
  readonly remove: readonly string[];
  readonly reason?: string;
};

export async function changePlaces(desk: Desk, flags: PlacesFlags): Promise<void> {
  const { broker = "", nats = "", reason } = flags;
  const evaluators = flags.evaluator.map((text) => {
    const [name = "", address = ""] = text.split("=", 2);
    return { name, address };
  });
  const moved = [broker, nats, ...evaluators.map(({ address }) => address)];
  if (moved.some((address) => addressesIn(address).length > 1) && flags.anyway !== true) await assertAllRead(desk);
  await putForward(desk, { type: "places", broker, evaluators, nats, reason }, flags);
}

/** A party of the first version takes no directive with several addresses, and none behind it. */
async function assertAllRead({ seat }: Desk): Promise<void> {
  const reports = await verifiedReports(seat);
  const behind = [...seat.federation.members.values()].filter(({ member }) => {
    const stated = reports.get(member)?.statement?.capabilities ?? [];
    return !understoodOf(stated).has("addresses");
  });
  if (behind.length === 0) return;
  const slugs = behind.map(({ slug }) => slug).join(", ");
  const text = `these units' programs have not said that they read several addresses: ${slugs}. Have them updated, or use --anyway`;
  throw new CausewayError("OUT_OF_SEQUENCE", text);
}

export async function changeRoots(desk: Desk, flags: RootsFlags): Promise<void> {
  const { add, remove, reason } = flags;
  const before = desk.seat.federation.found.tlsRoots;
  if (add === undefined && remove.length === 0) return listRoots(desk);
  if (reason === undefined) throw new CausewayError("INVALID", "say why, with --reason", { fields: ["reason"] });
  const unknown = remove.filter((id) => !before.some((root) => isSameFingerprint(rootId(root), id)));
  if (unknown.length > 0) throw new CausewayError("NOT_FOUND", "no TLS root has this id", { fields: ["remove"] });
  const kept = before.filter((root) => !remove.some((id) => isSameFingerprint(rootId(root), id)));
  const added = add === undefined ? [] : [newRoot(add)];
  const others = kept.filter((root) => !added.some((each) => equalBytes(each, root)));
  await putForward(desk, { type: "tlsRoots", roots: [...others, ...added], reason }, flags);
}

function listRoots({ seat, output }: Desk): void {
  const rows = seat.federation.found.tlsRoots.map((root) => {
    const untilMs = rootLife(root).untilMs;
    output.json({ root: rootId(root), until: new Date(untilMs).toISOString() });
    return [rootId(root), dateTime(untilMs)];
  });
  for (const line of table([[say("roots.id"), say("roots.until")], ...rows])) output.say(line);
}

function newRoot(file: string): Uint8Array {
  const root = certificateDer(readPublicText(file));
  rootLife(root);
  return root;
}
