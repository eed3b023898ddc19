/** A broker with a real nats-server and raw protocol clients in place of nodes. All names and numbers are invented. */
import { mkdirSync } from "node:fs";
import { openBroker } from "../../broker/program.ts";
import type { OpenBroker } from "../../broker/program.ts";
import { toBrokerConfig } from "../../broker/config.ts";
import { concat, equalBytes, fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type {
  Delivery,
  Entry,
  Meeting,
  MeetingStatement,
  Notice,
  NoticeEvent,
  Receipt,
  Submission,
  SubmissionBody,
  TagSet,
  TokenClass,
  TokenSet,
  Upsert,
} from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { recipientKeyOf } from "../../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import { signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import {
  agreedHash,
  binderOf,
  meetingPayload,
  ownerOf,
  TAG_BYTES,
  tagger,
  TOKEN_BYTES,
} from "../../shared/crypto/token.ts";
import type { AgreedToken, TagScope } from "../../shared/crypto/token.ts";
import { loadChain } from "../../shared/party/chain-file.ts";
import { systemClock } from "../../shared/world/clock.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { silentLog } from "../../shared/world/log.ts";
import { describe } from "../../shared/world/describe.ts";
import type { Log, LogFields } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readSealingKeys, readSigningKeys, sealingKeyEpochs } from "../../shared/party/keys.ts";
import { readPin } from "../../shared/party/pin.ts";
import { openDelivery, signSubmission } from "../../shared/wire/data-plane.ts";
import { sealMessage } from "../../shared/wire/envelope.ts";
import {
  deliveryStream,
  MEMBER_API_PREFIX,
  memberInboxPrefix,
  NODE_CONSUMER,
  submissionSubject,
} from "../../shared/wire/subjects.ts";
import { boardUnder } from "../support/board.ts";
import type { TestBoard } from "../support/board.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { NatsProcess } from "../support/nats-process.ts";
import { foundSample } from "../trust/sample-federation.ts";
import type { SampleFederation } from "../trust/sample-federation.ts";
import { SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { x25519PublicKey } from "../../shared/crypto/x25519.ts";

const MIB = 1024 * 1024;
export const STREAM_SIZES = { submissionBytesMax: 64 * MIB, deliveryBytesMax: 32 * MIB, replicas: 1 };

/** What a program logged, by event name. */
export class RecordedLog {
  readonly lines: { readonly event: string; readonly fields: LogFields }[] = [];

  get log(): Log {
    return this.#with({});
  }

  count(event: string): number {
    return this.lines.filter((line) => line.event === event).length;
  }

  #with(standing: LogFields): Log {
    const note = (event: string, fields: LogFields = {}): void => {
      this.lines.push({ event, fields: { ...standing, ...fields } });
    };
    return {
      info: note,
      warn: note,
      error: (event, cause, fields) => note(event, { ...fields, ...describe(cause) }),
      with: (fields) => this.#with({ ...standing, ...fields }),
      counts: () => new Map(this.lines.map(({ event }) => [event, this.count(event)])),
    };
  }
}

/** Federation, nats-server and broker. The broker can be closed and made anew at any time. */
export class World implements AsyncDisposable {
  readonly sample: SampleFederation;
  readonly nats: NatsProcess;
  readonly federation: Federation;
  /** Decides into the broker's directory. */
  readonly board: TestBoard;
  readonly recorded = new RecordedLog();
  readonly clients: Client[] = [];
  readonly #abort = new AbortController();
  clock: Clock = systemClock;
  streamSizes = STREAM_SIZES;
  /** Where the broker finds NATS, if not where it listens. */
  brokerNatsUrl: string | undefined;
  broker!: OpenBroker;

  constructor(sample: SampleFederation, nats: NatsProcess) {
    this.sample = sample;
    this.nats = nats;
    const dir = sample.dir("broker");
    const context = { pinnedFingerprint: readPin(dir), nowMs: Date.now() };
    this.federation = loadChain(partyFile(dir, "chain"), context).federation;
    this.board = boardUnder(sample.root, ["chair", "deputy", "clerk"], (member) => sample.dir(this.slugOf(member)));
  }

  static async start(): Promise<World> {
    const world = await World.withoutBroker();
    try {
      await world.startBroker();
    } catch (error) {
      // Nobody else can end what has started.
      await world[Symbol.asyncDispose]();
      throw error;
    }
    return world;
  }

  static async withoutBroker(): Promise<World> {
    const sample = await foundSample(Date.now());
    const nats = new NatsProcess(sample, await freePort());
    const world = new World(sample, nats);
    await nats.start();
    return world;
  }

  slugOf(member: MemberId): string {
    return this.federation.members.get(member)?.slug as string;
  }

  memberOf(slug: string): MemberId {
    return [...this.federation.members.values()].find((each) => each.slug === slug)?.member as MemberId;
  }

  /** What stands in `broker.json`. */
  get settings() {
    return {
      natsUrl: this.brokerNatsUrl ?? this.nats.url,
      listen: "127.0.0.1:0",
      evaluatorWorkers: 1,
      streams: this.streamSizes,
    };
  }

  async startBroker(): Promise<void> {
    const dir = this.sample.dir("broker");
    mkdirSync(dir, { recursive: true });
    const clock = (): number => this.clock();
    const world = { ...systemWorld(this.recorded.log), clock };
    this.broker = await openBroker(toBrokerConfig(dir, this.settings), world);
    await this.broker.ready;
  }

  async stopBroker(): Promise<void> {
    await this.broker?.[Symbol.asyncDispose]();
  }

  /** A raw client of a member, by slug. Needs the streams, which the broker makes. */
  async client(slug: string, natsUrl = this.nats.url): Promise<Client> {
    const member = this.memberOf(slug);
    const dir = this.sample.dir(slug);
    const bus = await connectNats({
      url: natsUrl,
      creds: readNatsCredentials(dir),
      roots: readTls(dir).rootsPem,
      inboxPrefix: memberInboxPrefix(member),
      apiPrefix: MEMBER_API_PREFIX,
      name: slug,
      signal: this.#abort.signal,
      log: silentLog,
    });
    const client = new Client(member, dir, bus, this.federation);
    client.now = () => this.board.federation;
    this.clients.push(client);
    void client.listen();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    for (const client of this.clients) await client[Symbol.asyncDispose]();
    await this.stopBroker();
    await this.nats[Symbol.asyncDispose]();
    this.sample[Symbol.dispose]();
  }
}

/** Signs, seals and sends as a node would, and reads what it is sent, without any of a node's care. */
export class Client implements AsyncDisposable {
  readonly member: MemberId;
  readonly federation: Federation;
  readonly received: Delivery[] = [];
  /** Hashes under which each notice number has arrived: one, or the broker has told two stories. */
  readonly noticeHashes = new Map<number, Set<string>>();
  readonly #dir: string;
  readonly #bus: Bus;
  readonly #published = new Map<string, PublishedVersion>();
  /** As the federation stands now; unless somebody says otherwise, as it stood at first. */
  now: () => Federation;
  /** In which it publishes. */
  epoch = 1;
  incarnation = toId<Incarnation>(toHex(randomBytes(16)));
  sequence = 0;
  prevHash: Uint8Array = new Uint8Array(32);
  noticeNumber = 0;
  noticeHash: Uint8Array = new Uint8Array(32);
  readonly #waiting = new Set<() => void>();

  constructor(member: MemberId, dir: string, bus: Bus, federation: Federation) {
    this.member = member;
    this.#dir = dir;
    this.#bus = bus;
    this.now = () => federation;
    this.federation = federation;
  }

  async listen(): Promise<void> {
    for await (const message of this.#bus.consume(deliveryStream(this.member), NODE_CONSUMER)) {
      const { delivery, hash } = this.#open(message.data);
      this.received.push(delivery);
      if (delivery.body.kind === "notice") {
        const { number } = delivery.body;
        this.noticeHashes.set(number, (this.noticeHashes.get(number) ?? new Set()).add(toHex(hash)));
      }
      if (delivery.body.kind === "notice" && delivery.body.number === this.noticeNumber + 1) {
        this.noticeNumber += 1;
        this.noticeHash = hash;
      }
      message.ack();
      for (const wake of this.#waiting) wake();
    }
  }

  /** With its newest key, and if that is not the one, with the one before. */
  #open(sealed: Uint8Array): ReturnType<typeof openDelivery> {
    const keys = [
      ...sealingKeyEpochs(this.#dir).map((epoch) => readSealingKeys(this.#dir, epoch)),
      readSealingKeys(this.#dir),
    ];
    const open = (keyPair: SealingKeyPair) =>
      openDelivery(sealed, {
        federation: this.federation.id,
        member: this.member,
        keyPair,
        brokerSigningKey: this.federation.found.broker.signingKey,
        isOwnKey: (key) => keys.some(({ publicKey }) => equalBytes(key, recipientKeyOf(publicKey))),
      });
    for (const keyPair of keys.slice(0, -1)) {
      try {
        return open(keyPair);
      } catch {
        continue;
      }
    }
    return open(keys.at(-1) as SealingKeyPair);
  }

  /** Starts a chain of its own, as after a restore. */
  startAnew(): void {
    this.incarnation = toId<Incarnation>(toHex(randomBytes(16)));
    this.sequence = 0;
    this.prevHash = new Uint8Array(32);
  }

  /** The next submission of this member's chain. */
  next(
    body: SubmissionBody,
    over: Partial<Submission> = {},
  ): { readonly submission: Submission; readonly sealed: Uint8Array } {
    this.sequence += 1;
    const bodyBound = this.#bind(body);
    const submission: Submission = {
      recipientKey: recipientKeyOf(this.brokerKey),
      member: this.member,
      incarnation: this.incarnation,
      sequence: this.sequence,
      prevHash: this.prevHash,
      epoch: this.epoch,
      body: bodyBound,
      ...over,
    };
    const { signed, hash } = signSubmission(submission, this.#scope);
    this.prevHash = hash;
    return { submission, sealed: sealMessage(signed, this.brokerKey, randomBytes(32)) };
  }

  /** As its node would publish it; what is stated on later is kept. */
  #bind(body: SubmissionBody): SubmissionBody {
    if (body.kind !== "publication") return body;
    const entries = body.entries.map((entry) =>
      entry.operation === "malformed" ? entry : bound(entry, this.#publisher),
    );
    for (const entry of entries) {
      if (entry.operation !== "upsert") continue;
      const version = { record: entry, publisher: this.#publisher };
      this.#published.set(`${entry.handle} ${this.incarnation} ${this.sequence}`, version);
    }
    return { ...body, entries };
  }

  get #publisher(): Publisher {
    return { federation: this.federation.id, member: this.member, epoch: this.epoch };
  }

  /** States on the meeting that it was last told of this match, as soon as it has been. Answers with the submission's number. */
  async state(matchId: MatchId, over: Partial<MeetingStatement> = {}): Promise<number> {
    await this.until(() => this.events("matchOpened").find((event) => event.matchId === matchId));
    const events = this.notices.map(({ event }) => event);
    const { handle, amendment, meeting } = lastMeeting(events, matchId);
    const version = this.#published.get(`${handle} ${meeting.incarnation} ${meeting.sequence}`) as PublishedVersion;
    const signer = readSigningKeys(this.#dir);
    const statement = stateOn({ ...version, signer, matchId, amendment, meeting });
    return await this.submit({ kind: "statements", statements: [{ ...statement, ...over }] });
  }

  /** Seals a submission again, as a node does that has no receipt yet. */
  seal(submission: Submission, signerDir = this.#dir): Uint8Array {
    const scope = { federation: this.federation.id, signer: readSigningKeys(signerDir) };
    return sealMessage(signSubmission(submission, scope).signed, this.brokerKey, randomBytes(32));
  }

  async send(sealed: Uint8Array, subject = submissionSubject(this.member, this.epoch)): Promise<void> {
    await this.#bus.publish(subject, sealed, toHex(blake2b(32, sealed)));
  }

  /** Sends the next submission; answers with its number. */
  async submit(body: SubmissionBody): Promise<number> {
    const { submission, sealed } = this.next(body);
    await this.send(sealed);
    return submission.sequence;
  }

  /** Sends a publication in one epoch and waits for its receipt. */
  async publishIn(epoch: number, ...entries: Entry[]): Promise<Receipt> {
    this.epoch = epoch;
    return await this.publishAndWait(...entries);
  }

  async publish(...entries: Entry[]): Promise<number> {
    return await this.submit({ kind: "publication", entries });
  }

  /** Sends a publication and waits for its receipt. */
  async publishAndWait(...entries: Entry[]): Promise<Receipt> {
    const { incarnation } = this;
    const sequence = await this.publish(...entries);
    return await this.receipt(sequence, incarnation);
  }

  async receipt(sequence: number, incarnation = this.incarnation): Promise<Receipt> {
    return await this.until(() => this.receipts(sequence, incarnation)[0]);
  }

  receipts(sequence: number, incarnation = this.incarnation): Receipt[] {
    return this.received
      .map(({ body }) => body)
      .filter((body) => body.kind === "receipt")
      .filter((body) => body.sequence === sequence && body.incarnation === incarnation);
  }

  /** Notices in order, each number once. */
  get notices(): Notice[] {
    const byNumber = new Map<number, Notice>();
    for (const { body } of this.received) if (body.kind === "notice") byNumber.set(body.number, body);
    return [...byNumber.values()].toSorted((a, b) => a.number - b.number);
  }

  events<Type extends NoticeEvent["type"]>(type: Type): Extract<NoticeEvent, { type: Type }>[] {
    const events = this.notices.map(({ event }) => event);
    return events.filter((event): event is Extract<NoticeEvent, { type: Type }> => event.type === type);
  }

  async event<Type extends NoticeEvent["type"]>(type: Type, count = 1): Promise<Extract<NoticeEvent, { type: Type }>> {
    return await this.until(() => this.events(type)[count - 1]);
  }

  /** Waits until what was received makes `look` answer. */
  async until<T>(look: () => T | undefined, timeoutMs = SOON.timeout): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (Date.now() > deadline)
        throw new Error(`nothing came: ${this.received.map(({ body }) => body.kind).join(" ")}`);
      await new Promise<void>((wake) => {
        const timer = setTimeout(done, deadline - Date.now() + 1);
        const waiting = this.#waiting;
        waiting.add(done);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          wake();
        }
      });
    }
  }

  get brokerKey(): Uint8Array {
    return this.now().epochs.get(this.epoch)?.brokerSealingKey as Uint8Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus[Symbol.asyncDispose]();
  }

  get #scope() {
    return { federation: this.federation.id, signer: readSigningKeys(this.#dir) };
  }
}

/** A review day that every sample member may set. */
export function reviewDay(): number {
  return monthEnd(dayOf(Date.now()) + 60);
}

export function newHandle(): Handle {
  return toId<Handle>(toHex(randomBytes(16)));
}

/** Invented tokens: the named ones the same for everybody, the rest random padding. */
export function tokens(
  single: readonly string[],
  opening: readonly string[] = [],
  support: readonly string[] = [],
): TokenSet {
  return { single: padded(single), opening: padded(opening), support: padded(support) };
}

function padded(names: readonly string[]): Uint8Array {
  const named = names.map((name) => blake2b(TOKEN_BYTES, utf8(name)));
  const count = Math.max(8, 2 ** Math.ceil(Math.log2(Math.max(1, names.length))));
  return concat(...named, randomBytes(TOKEN_BYTES * (count - names.length)));
}

const NOT_BOUND = new Uint8Array();
const NO_TAGS: TagSet = { single: NOT_BOUND, opening: NOT_BOUND, support: NOT_BOUND };

/** Without binder and tags, which `bound` adds once it is known who publishes it in which epoch. Of one handle always with the same keys. */
export function upsert(handle: Handle, set: TokenSet, over: Partial<Upsert> = {}): Upsert {
  return {
    operation: "upsert",
    handle,
    domain: "target",
    handling: "open",
    reviewByDay: reviewDay(),
    conversationKey: x25519PublicKey(blake2b(32, utf8(`conversation ${handle}`))),
    blind: blake2b(32, utf8(`blind ${handle}`)),
    tokens: set,
    tags: NO_TAGS,
    binder: NOT_BOUND,
    ...over,
  };
}

/** By whom, and in which epoch, something is published. */
export type Publisher = { readonly federation: Uint8Array; readonly member: MemberId; readonly epoch: number };

export type PublishedVersion = { readonly publisher: Publisher; readonly record: Upsert };

/** With binder and tags of a publisher that knows what its tokens stand for; those that are there already stay. */
export function bound(entry: Entry, { federation, member, epoch }: Publisher): Entry {
  if (entry.operation !== "upsert") return entry;
  const owner = ownerOf({ member, handle: entry.handle, blind: entry.blind });
  const binder = entry.binder.length > 0 ? entry.binder : binderOf(entry.conversationKey, owner);
  const tags = entry.tags === NO_TAGS ? tagsOf(entry.tokens, { federation, epoch, binder }) : entry.tags;
  return { ...entry, binder, tags };
}

function tagsOf(set: TokenSet, scope: TagScope): TagSet {
  const tag = tagger(scope);
  const ofClass = (each: TokenClass): Uint8Array => {
    return concat(...chunks(set[each], TOKEN_BYTES).map((token) => tag(confirmKeyIn(token))));
  };
  return { single: ofClass("single"), opening: ofClass("opening"), support: ofClass("support") };
}

/** Invented: who publishes by name knows it, as a node does that has hardened the identifier. */
function confirmKeyIn(token: Uint8Array): Uint8Array {
  return blake2b(32, utf8("invented confirmation key"), token);
}

/** `size` bytes each. */
export function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** What a node states on a meeting: which tags of the other side hold for its own tokens, signed if one of them could open it. */
export function stateOn(
  of: PublishedVersion & {
    readonly signer: SigningKeyPair;
    readonly matchId: MatchId;
    readonly amendment: number;
    readonly meeting: Meeting;
  },
): MeetingStatement {
  const { federation, epoch } = of.publisher;
  const { meeting, record, matchId } = of;
  const tag = tagger({ federation, epoch, binder: meeting.otherBinder });
  const failed: Record<TokenClass, number[]> = { single: [], opening: [], support: [] };
  const valid: AgreedToken[] = [];
  for (const tokenClass of TOKEN_CLASSES) {
    const tags = chunks(meeting.otherTags[tokenClass], TAG_BYTES);
    for (const [i, position] of meeting.positions[tokenClass].entries()) {
      const token = chunks(record.tokens[tokenClass], TOKEN_BYTES)[position] as Uint8Array;
      if (equalBytes(tag(confirmKeyIn(token)), tags[i] as Uint8Array)) valid.push({ tokenClass, token });
      else failed[tokenClass].push(position);
    }
  }
  const stated = { matchId, amendment: of.amendment, failed };
  if (valid.every(({ tokenClass }) => tokenClass === "support")) return stated;
  const payload = meetingPayload({
    matchId: fromHex(matchId),
    ownBinder: record.binder,
    otherBinder: meeting.otherBinder,
    validHash: agreedHash(valid),
  });
  return {
    ...stated,
    signature: signPayload({ type: "meeting", federation, payload, secretKey: of.signer.secretKey }),
  };
}

/** The meeting that a member was last told of a match, and the amendment that a statement on it answers. */
export function lastMeeting(
  events: readonly NoticeEvent[],
  matchId: MatchId,
): { readonly amendment: number; readonly meeting: Meeting; readonly handle: Handle } {
  const opened = events.find((event) => event.type === "matchOpened" && event.matchId === matchId);
  const amended = events.findLast((event) => event.type === "matchAmended" && event.matchId === matchId);
  if (opened?.type !== "matchOpened") throw new Error("no such match was opened");
  const { handle } = opened;
  return amended?.type === "matchAmended"
    ? { handle, amendment: amended.amendment, meeting: amended.meeting }
    : { handle, amendment: 0, meeting: opened.meeting };
}
