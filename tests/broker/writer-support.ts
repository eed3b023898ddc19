/** The writer without NATS: a ledger in memory, invented members, signatures of a throw-away key. */
import { Spaces } from "../../broker/core/spaces.ts";
import { keyedTokenHash } from "../../broker/core/token-hash.ts";
import type { Received } from "../../broker/core/submission.ts";
import { Ledger } from "../../broker/store/ledger.ts";
import { Beats } from "../../broker/bus/beats.ts";
import { Outlet } from "../../broker/bus/outlet.ts";
import { NoticeBook } from "../../broker/writer/notice-book.ts";
import type { NoticeBookParts } from "../../broker/writer/notice-book.ts";
import { Reteller } from "../../broker/writer/retelling.ts";
import { BusRefusal } from "../../shared/bus/bus.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { Proofs } from "../../broker/writer/proofs.ts";
import { Publications } from "../../broker/writer/publications.ts";
import { Standings } from "../../broker/writer/standings.ts";
import { Watch } from "../../broker/writer/watch.ts";
import { Writer } from "../../broker/writer/writer.ts";
import type { Reply } from "../../broker/core/submission.ts";
import type { Entry, MeetingStatement, NoticeEvent, SubmissionBody, Upsert } from "../../shared/core/data-plane.ts";
import type { Admit, Epoch, Federation } from "../../shared/core/directive.ts";
import type { Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { submissionHash } from "../../shared/wire/data-plane.ts";
import { bound, lastMeeting, RecordedLog, stateOn } from "./support.ts";
import type { PublishedVersion } from "./support.ts";
import { systemWorld } from "../../shared/world/world.ts";
import type { World } from "../../shared/world/world.ts";

export const HARBOUR = "a".repeat(32) as MemberId;
export const BORDER = "b".repeat(32) as MemberId;
export const CUSTOMS = "c".repeat(32) as MemberId;
export const MEMBERS = [HARBOUR, BORDER, CUSTOMS] as const;

type Sent = Parameters<Bus["publish"]>;
type Publication = Extract<SubmissionBody, { kind: "publication" }>;

const federationId = new Uint8Array(16).fill(1);
const seed = (value: number): Uint8Array => new Uint8Array(32).fill(value);

export class Bench {
  readonly recorded = new RecordedLog();
  readonly ledger: Ledger;
  readonly writer: Writer;
  readonly publications: Publications;
  readonly proofs: Proofs;
  readonly standings: Standings;
  readonly spaces: Spaces;
  readonly watch: Watch;
  readonly beats: Beats;
  readonly reteller: Reteller;
  /** Whether NATS has no room for what goes to a subject. */
  refuse: (subject: string) => boolean = () => false;
  readonly clocks: [MemberId, number][] = [];
  /** What has left in beats. */
  readonly sent: Sent[] = [];
  readonly connected: [MemberId, number][] = [];
  told = new Map<MemberId, NoticeEvent[]>();
  readonly chains = new Map<MemberId, Chain>();
  /** By member, handle, incarnation and sequence, as a meeting names a version. */
  #published = new Map<string, PublishedVersion>();
  /** Somebody's quarantine has ended, and its records wait to be looked up again. */
  isReleased = false;
  nowMs: number;
  federation: Federation;

  /** `before`: another process on its ledger; what was published stays known to the members. */
  constructor(options: { readonly before?: Bench; readonly ledger?: Ledger; readonly budget?: Admit["budget"] } = {}) {
    const { before } = options;
    this.nowMs = before?.nowMs ?? Date.now();
    this.ledger = options.ledger ?? before?.ledger ?? new Ledger(":memory:", federationId);
    const budget = options.budget ?? { initial: 1_000_000, perDay: 1_000_000 };
    this.federation = before?.federation ?? sampleFederation(budget);
    if (before !== undefined) this.#published = before.#published;
    const federation = (): Federation => this.federation;
    if (before !== undefined) this.told = before.told;
    const signer = signingKeyPair(seed(9));
    const { ledger } = this;
    const { randomBytes } = this.world;
    const notices = new ToldBook({ ledger, federation, signer, randomBytes }, this.told);
    this.spaces = new Spaces(keyedTokenHash(seed(3).slice(16)));
    this.watch = new Watch({ ledger, federation, log: this.recorded.log });
    this.publications = new Publications({
      ledger,
      notices,
      federation,
      spaces: this.spaces,
      onPublished: (...told) => this.watch.published(...told),
    });
    this.proofs = new Proofs({ ledger, notices, federation, watch: this.watch, clock: () => this.nowMs });
    const publish = async (...message: Sent): Promise<void> => {
      if (this.refuse(message[0])) throw new BusRefusal(10_047);
      this.sent.push(message);
    };
    const bus = { connected: true, publish };
    const { signal } = new AbortController();
    const outlet = new Outlet({ bus, ledger, federation, signer, keys: () => [], world: this.world, signal });
    this.beats = new Beats({ ledger, outlet, federation, world: this.world });
    const { publications, proofs } = this;
    this.reteller = new Reteller({ ledger, notices, matches: publications.matches, proofs, world: this.world });
    this.standings = new Standings({
      ledger,
      publications: this.publications,
      spaces: this.spaces,
      federation,
      forgetSnapshots: () => Promise.resolve(),
      deleteStreams: () => Promise.resolve(),
      world: this.world,
      signal: new AbortController().signal,
    });
    this.writer = new Writer({
      ledger,
      publications: this.publications,
      proofs: this.proofs,
      notices,
      federation,
      watch: this.watch,
      log: this.recorded.log,
      onConnected: (member, number) => this.connected.push([member, number]),
      beats: this.beats,
      onRetelling: () => this.reteller.wake(),
      onAgreed: () => undefined,
      onClock: (member, theirMs) => void this.clocks.push([member, theirMs]),
    });
    for (const member of MEMBERS) this.chains.set(member, before?.chains.get(member) ?? new Chain(member));
  }

  /** The machine's, but for clock and log. */
  get world(): World {
    return { ...systemWorld(this.recorded.log), clock: () => this.nowMs };
  }

  /** The member's next submission, not yet received. */
  next(member: MemberId, body: SubmissionBody, epoch = 1): Received {
    const chain = this.chains.get(member) as Chain;
    return chain.next(
      body.kind === "publication" ? { ...body, entries: this.#bind(member, body.entries, epoch) } : body,
      epoch,
    );
  }

  /** As the member's node would publish them; what is stated on later is kept. */
  #bind(member: MemberId, entries: Publication["entries"], epoch: number): Publication["entries"] {
    const { incarnation, sequence } = this.chains.get(member) as Chain;
    return entries.map((entry) => {
      if (entry.operation !== "upsert") return entry;
      const upsert = bound(entry, { federation: federationId, member, epoch }) as Upsert;
      const version = { record: upsert, publisher: { federation: federationId, member, epoch } };
      this.#published.set(`${member} ${entry.handle} ${incarnation} ${sequence + 1}`, version);
      return upsert;
    });
  }

  /** What the member's node would state on the meeting that it was last told of this match. */
  statementOn(member: MemberId, matchId: MatchId): MeetingStatement {
    const { handle, amendment, meeting } = lastMeeting(this.eventsOf(member), matchId);
    const key = `${member} ${handle} ${meeting.incarnation} ${meeting.sequence}`;
    const version = this.#published.get(key) as PublishedVersion;
    return stateOn({ ...version, signer: signerOf(member), matchId, amendment, meeting });
  }

  state(member: MemberId, ...statements: MeetingStatement[]): Reply[] {
    return this.receive(this.next(member, { kind: "statements", statements }));
  }

  /** These sides state as honest nodes do. */
  prove(matchId: MatchId, ...sides: readonly MemberId[]): void {
    for (const member of sides) this.state(member, this.statementOn(member, matchId));
  }

  /** Time passes, in which the broker looks and these members are heard. */
  pass(ms: number, ...heard: MemberId[]): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end) {
      this.nowMs = Math.min(end, this.nowMs + 60_000);
      for (const member of heard) this.proofs.heard(member, this.nowMs);
      if (this.proofs.look(this.nowMs)) this.isReleased = true;
    }
  }

  receive(received: Received): Reply[] {
    return this.writer.receive(received, this.nowMs);
  }

  publish(member: MemberId, ...entries: Entry[]): Reply[] {
    return this.publishIn(1, member, ...entries);
  }

  publishIn(epoch: number, member: MemberId, ...entries: Entry[]): Reply[] {
    return this.receive(this.next(member, { kind: "publication", entries }, epoch));
  }

  /** What a directive would make of the epochs. */
  setEpoch(epoch: number, state: Epoch["state"], over: Partial<Epoch> = {}): void {
    const known = this.federation.epochs.get(epoch) ?? { ...(this.federation.epochs.get(1) as Epoch), epoch };
    const epochs = new Map(this.federation.epochs).set(epoch, { ...known, ...over, state });
    this.federation = { ...this.federation, epochs };
  }

  /** What a directive would make of a member. */
  setStanding(member: MemberId, standing: "members" | "suspended" | "removed"): void {
    const { members, suspended } = this.federation;
    const admit = (members.get(member) ?? suspended.get(member)) as Admit;
    const without = (map: ReadonlyMap<MemberId, Admit>) => new Map([...map].filter(([id]) => id !== member));
    this.federation = { ...this.federation, members: without(members), suspended: without(suspended) };
    const removed = { admit, reason: "invented", forCause: false };
    const value = standing === "removed" ? removed : admit;
    const changed = new Map<MemberId, unknown>(this.federation[standing]).set(member, value);
    this.federation = { ...this.federation, [standing]: changed };
  }

  eventsOf(member: MemberId): NoticeEvent[] {
    return this.told.get(member) ?? [];
  }

  types(member: MemberId): string[] {
    return this.eventsOf(member).map(({ type }) => type);
  }
}

export class Chain {
  readonly member: MemberId;
  incarnation: Incarnation;
  sequence = 0;
  prevHash: Uint8Array = new Uint8Array(32);

  constructor(member: MemberId, incarnation = "1".repeat(32) as Incarnation) {
    this.member = member;
    this.incarnation = incarnation;
  }

  next(body: SubmissionBody, epoch = 1): Received {
    this.sequence += 1;
    const { member, incarnation, sequence, prevHash } = this;
    const submission = { recipientKey: seed(0), member, incarnation, sequence, prevHash, epoch, body };
    const hash = submissionHash(new TextEncoder().encode(`${member} ${incarnation} ${sequence}`));
    this.prevHash = hash;
    return { submission, hash };
  }
}

/** Remembers in plain what it signs. */
class ToldBook extends NoticeBook {
  readonly #told: Map<MemberId, NoticeEvent[]>;

  constructor(of: NoticeBookParts, told: Map<MemberId, NoticeEvent[]>) {
    super(of);
    this.#told = told;
  }

  override append(member: MemberId, event: NoticeEvent, nowMs: number): void {
    super.append(member, event, nowMs);
    this.#told.set(member, [...(this.#told.get(member) ?? []), event]);
  }
}

function signerOf(member: MemberId): SigningKeyPair {
  return signingKeyPair(seed(10 + MEMBERS.findIndex((each) => each === member)));
}

function sampleFederation(budget: Admit["budget"]): Federation {
  const members = new Map(
    MEMBERS.map((member, i): [MemberId, Admit] => [
      member,
      {
        member,
        slug: ["harbour", "border", "customs"][i] as string,
        name: `Invented unit ${i}`,
        mandate: "invented mandate",
        contact: { office: "Duty desk", phone: "+44 1632 960000", email: "desk@unit.example", hours: "always" },
        domains: ["target", "protected"],
        signingKey: signerOf(member).publicKey,
        sealingKey: sealingKeyPair(seed(20 + i)).publicKey,
        legalBasis: "Invented Act",
        purposes: ["deconfliction"],
        retentionDaysMax: 365,
        budget,
      },
    ]),
  );
  const epoch = {
    epoch: 1,
    salts: [],
    scheme: "invented-scheme/1",
    generation: 1,
    brokerSealingKey: sealingKeyPair(seed(30)).publicKey,
    opensAtMs: 0,
    retiresAtMs: Date.now() + 400 * 86_400_000,
    state: "active" as const,
    neverCorrelate: new Map(),
  };
  return {
    id: federationId,
    members,
    suspended: new Map(),
    removed: new Map(),
    epochs: new Map([[1, epoch]]),
    signingKeys: new Map(MEMBERS.map((member) => [member, [signerOf(member).publicKey]])),
    policy: { canaryBeatMinutes: 360, canaryWithinMinutes: 15, budgetAlarmPercent: 80, overdueStatementsMax: 8 },
    found: {},
    head: {},
  } as unknown as Federation;
}
