/** What takes members' submissions from the bus, matches them and tells members what came of it. */
import { openEpochs } from "../shared/core/decisions.ts";
import type { MemberId } from "../shared/core/ids.ts";
import { Flood } from "./bus/flood.ts";
import { Intake } from "./bus/intake.ts";
import { MemberStreams } from "./bus/member-streams.ts";
import { Places } from "./bus/places.ts";
import { Outlet } from "./bus/outlet.ts";
import { Plane } from "./bus/plane.ts";
import { StreamWatch } from "./bus/stream-watch.ts";
import { MESSAGES_MAX } from "./bus/streams.ts";
import { STREAM_USED_ALARM, STREAM_USED_WELL } from "./core/limits.ts";
import { Spaces } from "./core/spaces.ts";
import { keyedTokenHash } from "./core/token-hash.ts";
import type { Ground } from "./ground.ts";
import { brokerKeysOf } from "./keys.ts";
import type { SealingKeys } from "./keys.ts";
import { Beats } from "./bus/beats.ts";
import { Sweeper } from "./writer/sweeper.ts";
import { Snapshots } from "./snapshot/snapshots.ts";
import { Reteller } from "./writer/retelling.ts";
import { NoticeBook } from "./writer/notice-book.ts";
import { Proofs } from "./writer/proofs.ts";
import { Publications } from "./writer/publications.ts";
import type { Watch } from "./writer/watch.ts";
import { Writer } from "./writer/writer.ts";
import { events } from "./events.ts";

export type DataPlane = {
  readonly places: Places;
  readonly snapshots: Snapshots;
  readonly spaces: Spaces;
  readonly watch: Watch;
  readonly publications: Publications;
  readonly proofs: Proofs;
  readonly writer: Writer;
  readonly intake: Intake;
  readonly streams: MemberStreams;
  readonly plane: Plane;
  readonly streamWatch: StreamWatch;
  readonly beats: Beats;
  readonly reteller: Reteller;
  readonly sweeper: Sweeper;
};

const INDEX_SEED_BYTES = 16;

export function assembleDataPlane(ground: Ground): DataPlane {
  const { world, bus, keys, ledger, watch, federation, directory, slugOf, settings, tasks } = ground;
  const { log } = world;
  const { signal } = tasks;
  const { signer } = keys;

  const notices = new NoticeBook({
    ledger,
    federation,
    signer,
    randomBytes: world.randomBytes,
    onTold: (member) => beats.tell(member),
  });
  const spaces = new Spaces(keyedTokenHash(world.randomBytes(INDEX_SEED_BYTES)));
  const onPublished: Watch["published"] = (...told) => watch.published(...told);
  const publications = new Publications({ ledger, notices, federation, spaces, onPublished });
  const proofs = new Proofs({ ledger, notices, federation, watch, clock: world.clock });

  const brokerKeys = (): readonly Uint8Array[] => brokerKeysOf(directory.directives);
  const outlet = new Outlet({ bus, ledger, federation, signer, keys: brokerKeys, world, signal });
  const beats: Beats = new Beats({ ledger, outlet, federation, world });
  const onConnected = (member: MemberId, noticeNumber: number): void => {
    outlet.resume(member, noticeNumber);
    beats.tell(member);
  };
  const sweeper = new Sweeper({ publications, watch, world });
  const reteller = new Reteller({ ledger, notices, matches: publications.matches, proofs, world });
  const onRetelling = (): void => reteller.wake();
  const writer = new Writer({
    ledger,
    publications,
    watch,
    proofs,
    notices,
    federation,
    log,
    beats,
    onConnected,
    onAgreed: (member, epoch) => streamWatch.agreed(member, epoch),
    onRetelling,
    onClock: (member, theirMs) => sweeper.heard(member, theirMs),
  });

  const sealingKeys = (): SealingKeys => ground.sealing.keys;
  const pastKeysOf = (member: MemberId): readonly Uint8Array[] => federation().signingKeys.get(member) ?? [];
  const intake = new Intake({ federation, sealingKeys, pastKeysOf, log });
  const streams = new MemberStreams({ bus, sizes: settings.streams, slugOf, world, signal });
  const streamWatch: StreamWatch = streamWatchOf(ground, { streams, watch, beats, outlet });
  bus.onReconnect(() => {
    streams.reconnected();
    streamWatch.reconnected();
  });
  const flood = floodOf(ground, streams, watch);
  const places = new Places();
  const isWhole = (): boolean => writer.isWhole;
  const kept = ground.snapshots;
  const snapshots = new Snapshots({ kept, spaces, ledger, federation, sealingKeys, places, isWhole, world });
  const isOurs = ground.isNamed;
  const taking = { bus, ledger, streams, intake, flood, writer, outlet, beats, places, federation, isOurs };
  const plane = new Plane({ ...taking, world, signal });
  const told = { watch, publications, proofs, writer, beats, reteller, sweeper };
  return { ...told, places, snapshots, spaces, intake, streams, plane, streamWatch };
}

function floodOf({ settings, slugOf, world }: Ground, streams: MemberStreams, watch: Watch): Flood {
  const onFlood = (member: MemberId, messages: number): void => {
    watch.raise("streamFlooded", member, world.clock());
    events.alarm.streamEmptied(world.log, { member: slugOf(member), messages });
  };
  return new Flood({ streams, streamBytesMax: settings.streams.submissionBytesMax, onFlood });
}

function streamWatchOf(
  ground: Ground,
  of: {
    readonly streams: MemberStreams;
    readonly watch: Watch;
    readonly beats: Pick<Beats, "has" | "compare">;
    readonly outlet: Pick<Outlet, "reply">;
  },
): StreamWatch {
  const { bus, federation, settings, slugOf, world } = ground;
  const { streams, watch } = of;
  return new StreamWatch({
    bus,
    streams,
    members: () => [...federation().members.keys()],
    openEpochs: () => openEpochs(federation()).map(({ epoch }) => epoch),
    limits: { maxMessages: MESSAGES_MAX, maxBytes: settings.streams.submissionBytesMax },
    onDoubt: (member, { kind, lost }) => {
      events.alarm.streamIncomplete(world.log, { member: slugOf(member), missing: lost, kind });
      watch.raise("streamIncomplete", member, world.clock());
      askToCompare(ground, of, member);
    },
    onAgreed: (member) => watch.end("streamIncomplete", member, world.clock()),
    onRoom: noteRoom(ground, watch),
    world,
  });
}

/** A node of the first version compares when it hears of a gap. */
function askToCompare(
  { ledger }: Ground,
  { beats, outlet }: { readonly beats: Pick<Beats, "has" | "compare">; readonly outlet: Pick<Outlet, "reply"> },
  member: MemberId,
): void {
  if (beats.has(member)) return beats.compare(member);
  const { incarnation, sequence } = ledger.currentHead(member) ?? {};
  if (incarnation === undefined || sequence === undefined) return;
  const gap = { kind: "gap", incarnation, expectedSequence: sequence + 1 } as const;
  // Tried until the broker stops.
  outlet.reply({ to: member, body: gap }).catch(() => undefined);
}

/** One that has reached the alarm's share is said once, and again after there was room in between. */
function noteRoom({ world, slugOf }: Ground, watch: Watch): (member: MemberId, used: number) => void {
  const nearlyFull = new Set<MemberId>();
  return (member, used) => {
    if (used >= STREAM_USED_ALARM && !nearlyFull.has(member)) {
      nearlyFull.add(member);
      events.alarm.streamNearlyFull(world.log, { member: slugOf(member), percent: Math.floor(used * 100) });
      watch.raise("streamNearlyFull", member, world.clock());
    }
    if (used >= STREAM_USED_WELL) return;
    nearlyFull.delete(member);
    watch.end("streamNearlyFull", member, world.clock());
  };
}
