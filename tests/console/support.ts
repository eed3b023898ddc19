/**
 * A console over invented data: an invented federation with a chain that really holds, and a broker that says what a test wants it
 * to say. No unit, person, number or key in it is real.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startConsole } from "../../broker/console/console.ts";
import type { Console } from "../../broker/console/console.ts";
import type { Alarm } from "../../broker/core/alarm.ts";
import type {
  BrokerStatus,
  ConsoleData,
  MemberHealth,
  Proposal,
  ReceivedEnrolment,
  Spending,
} from "../../broker/console/console-data.ts";
import { seatId } from "../../broker/console/seats.ts";
import type { ConsoleUser } from "../../broker/console/seats.ts";
import { concat, toHex, utf8 } from "../../shared/core/bytes.ts";
import { directiveHash, foldDirective } from "../../shared/core/chain.ts";
import type { PurgeAttestation } from "../../shared/core/board.ts";
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import { isOpen, openEpochs } from "../../shared/core/decisions.ts";
import type {
  Administrator,
  Admission,
  Directive,
  DirectiveBody,
  DomainSalt,
  EpochOpen,
  EpochSalt,
  Federation,
  Freshness,
  SignedDirective,
} from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { decodeDirective, encodeDirective } from "../../shared/wire/directive.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { WrittenLog } from "../support/written-log.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const NOW_MS = Date.UTC(2026, 10, 22, 14, 5);

/** Bytes that a word stands for, the same in every run. */
function bytesOf(word: string, length: 16 | 32 = 32): Uint8Array {
  return blake2b(length, utf8(`invented ${word}`));
}

export function signerOf(name: string): SigningKeyPair {
  return signingKeyPair(bytesOf(`${name} signing`));
}

export function seatOf(name: string): Administrator {
  return {
    name,
    signingKey: signerOf(name).publicKey,
    sealingKey: sealingKeyPair(bytesOf(`${name} sealing`)).publicKey,
  };
}

export const BOARD = ["Prosecutor A", "Inspector B", "Data protection officer C"] as const;

export function memberId(slug: string): MemberId {
  return toId<MemberId>(toHex(bytesOf(`member ${slug}`, 16)));
}

/** An item of the day that nobody has looked into. */
export function alarm(id: number, changes: Partial<Alarm> & Pick<Alarm, "kind" | "text">): Alarm {
  return { id, firstSeenMs: NOW_MS - HOUR, lastSeenMs: NOW_MS - 30 * MINUTE, count: 1, ...changes };
}

/** A unit that does not exist. */
export function admission(slug: string, name: string, changes: Partial<Admission> = {}): Admission {
  return {
    member: memberId(slug),
    slug,
    name,
    mandate: "counter-terrorism",
    contact: {
      office: "Liaison desk",
      phone: "+44 1632 960001",
      email: `desk@${slug}.example`,
      hours: "every day, 07:00 to 22:00",
    },
    domains: ["target"],
    signingKey: signerOf(slug).publicKey,
    sealingKey: sealingKeyPair(bytesOf(`${slug} sealing`)).publicKey,
    legalBasis: "Invented Police Act, section 14",
    purposes: ["deconfliction of running investigations"],
    retentionDaysMax: 730,
    budget: { initial: 500_000, perDay: 20_000 },
    salts: [],
    ...changes,
  };
}

/** What a test wants the broker to say. Everything may be changed; `changed()` tells the console. */
export class InventedBroker implements ConsoleData {
  nowMs = NOW_MS;
  state: Federation;
  readonly signed: SignedDirective[] = [];
  statusNow: BrokerStatus = {
    version: "0.2.0",
    natsConnected: true,
    records: 0,
    tokens: 0,
    matchesOpened: 0,
    matchesOpen: 0,
  };
  statement: Freshness | undefined;
  proposed: Proposal[] = [];
  invited: { readonly note: string; readonly validUntilMs: number }[] = [];
  enrolled: ReceivedEnrolment[] = [];
  readonly healthOf = new Map<MemberId, MemberHealth>();
  purged: PurgeAttestation[] = [];
  spent: Spending[] = [];
  raised: Alarm[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(board: readonly string[] = BOARD, foundedAtMs = NOW_MS - 265 * DAY) {
    const share = (name: string): Uint8Array =>
      publicKeyOf(generateKeyShare(concat(bytesOf(`${name} share 1`), bytesOf(`${name} share 2`))));
    const broker = signerOf("broker").publicKey;
    const body: DirectiveBody = {
      type: "found",
      name: "Lakeside federation",
      board: board.map(seatOf),
      quorum: 2,
      broker: { name: "broker", signingKey: broker, address: "broker.example:7400" },
      evaluators: [
        { name: "broker", address: "broker.example:7400", signingKey: broker, sharePublicKey: share("broker") },
        {
          name: "key-office",
          address: "key-office.example:7410",
          signingKey: signerOf("key-office").publicKey,
          sharePublicKey: share("key-office"),
        },
      ],
      generation: 1,
      tlsRoots: [bytesOf("certificate")],
      freshnessKey: signerOf("freshness").publicKey,
    };
    const signed = this.#sign(this.#directive(body, foundedAtMs, undefined), board.slice(0, 2));
    this.state = foldDirective(undefined, signed, {
      pinnedFingerprint: directiveHash(signed.payload),
      nowMs: foundedAtMs,
    });
    this.signed.push(signed);
  }

  chain() {
    return { federation: this.state, directives: this.signed };
  }
  freshness() {
    return this.statement;
  }
  status() {
    return this.statusNow;
  }
  proposals() {
    return this.proposed;
  }
  invitations() {
    return this.invited;
  }
  enrolments() {
    return this.enrolled;
  }
  health() {
    return this.healthOf;
  }
  attestations() {
    return this.purged;
  }
  spending() {
    return this.spent;
  }
  alarms() {
    return this.raised;
  }

  acknowledge(id: number, of: { readonly by: string; readonly note: string }): boolean {
    const index = this.raised.findIndex((alarm) => alarm.id === id && alarm.acknowledged === undefined);
    const found = this.raised[index];
    if (found === undefined) return false;
    this.raised[index] = { ...found, acknowledged: { ...of, atMs: this.nowMs } };
    this.changed();
    return true;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** How many wait to be told. */
  get listeners(): number {
    return this.#listeners.size;
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The board decides, and the broker learns of it. */
  decide(body: DirectiveBody, signers: readonly string[] = BOARD.slice(0, 2), atMs = this.nowMs): SignedDirective {
    const signed = this.#sign(this.#directive(body, atMs, this.state), signers);
    const pinnedFingerprint = directiveHash((this.signed[0] as SignedDirective).payload);
    this.state = foldDirective(this.state, signed, { pinnedFingerprint, nowMs: atMs });
    this.signed.push(signed);
    this.changed();
    return signed;
  }

  admit(slug: string, name: string, changes: Partial<Admission> = {}, atMs = this.nowMs): void {
    const admit = admission(slug, name, changes);
    this.decide({ type: "admit", ...admit, salts: this.saltsFor(admit) }, undefined, atMs);
  }

  /** The salts of all open epochs, sealed to a member; what is in the boxes is for nodes to prove. */
  saltsFor({ domains, slug }: Pick<Admission, "domains" | "slug">): EpochSalt[] {
    return openEpochs(this.state).flatMap(({ epoch, salts }) =>
      salts
        .filter(({ domain }) => domains.includes(domain))
        .map(({ domain }) => ({ epoch, domain, sealed: sealed(`${slug} ${epoch} ${domain}`) })),
    );
  }

  opening(epoch: number, atMs: number, scheme = "causeway-2"): DirectiveBody & EpochOpen {
    const { generation } = this.state.found;
    const domains = [...new Set([...this.state.members.values()].flatMap((member) => member.domains))];
    return {
      type: "epochOpen",
      epoch,
      salts: domains.map((domain) => this.#salt(epoch, domain)),
      scheme,
      generation,
      brokerSealingKey: sealingKeyPair(bytesOf(`broker sealing ${epoch}`)).publicKey,
      opensAtMs: atMs,
      retiresAtMs: atMs + 365 * DAY,
      evaluators: [],
      memberKeys: [],
    };
  }

  /** The board gives the first seat to somebody else. */
  replaceFirstSeat(name: string): void {
    const board = [seatOf(name), ...this.state.found.board.slice(1)];
    const shares = openEpochs(this.state).flatMap(({ epoch, salts }) =>
      salts.map(({ domain }) => ({
        epoch,
        domain,
        shares: board.map((seat) => ({
          administratorKeyId: keyId(seat.signingKey),
          sealed: sealed(`${seat.name} ${epoch} ${domain}`),
        })),
      })),
    );
    this.decide({ type: "boardChange", board, quorum: 2, shares, reason: "Retirement." }, BOARD.slice(1));
  }

  /** Puts a proposal before the board. */
  propose(body: DirectiveBody, signers: readonly string[], changes: Partial<Proposal> = {}): Proposal {
    const signed = this.#sign(this.#directive(body, this.nowMs - 2 * HOUR, this.state), signers);
    const proposal = { signed, state: "waiting" as const, proposedAtMs: this.nowMs - 2 * HOUR, ...changes };
    this.proposed = [...this.proposed, proposal];
    return proposal;
  }

  /** A node that is well, but for what is said. */
  hear(
    slug: string,
    changes: { readonly statement?: Partial<MemberHealth["statement"]> } & Partial<
      Omit<MemberHealth, "statement">
    > = {},
  ): void {
    const { head, epochs } = this.state;
    const { statement, ...rest } = changes;
    const open = [...epochs.values()].filter(isOpen);
    const told = statement?.epochs ?? open.map(({ epoch }): EpochHealth => healthIn(epoch, 12_000, this.nowMs));
    this.healthOf.set(memberId(slug), {
      receivedAtMs: this.nowMs - 40_000,
      lastAppliedMs: this.nowMs - 3 * MINUTE,
      held: told.map(({ epoch, published }) => ({ epoch, records: published, tokens: published * 24 })),
      streamsRefused: false,
      ...rest,
      statement: {
        version: "0.2.0",
        nodeTimeMs: this.nowMs - 40_000,
        outboxSinceMs: 0,
        canariesUnprovenSinceMs: 0,
        directiveNumber: head.number,
        directiveHash: head.hash,
        epochs: told,
        ...statement,
      },
    });
  }

  fresh(validForMs = 20 * HOUR): void {
    const { id, head } = this.state;
    const issuedAtMs = this.nowMs - HOUR;
    this.statement = {
      federation: id,
      number: head.number,
      headHash: head.hash,
      issuedAtMs,
      validUntilMs: this.nowMs + validForMs,
    };
  }

  #directive(body: DirectiveBody, issuedAtMs: number, state: Federation | undefined): Directive {
    const number = (state?.head.number ?? 0) + 1;
    return {
      federation: state?.id ?? bytesOf("federation", 16),
      number,
      prevHash: state?.head.hash ?? new Uint8Array(32),
      issuedAtMs,
      notAfterMs: issuedAtMs + 7 * DAY,
      nonce: bytesOf(`nonce ${number} ${body.type}`, 16),
      body,
    };
  }

  #sign(directive: Directive, signers: readonly string[]): SignedDirective {
    const payload = encodeDirective(directive);
    const { federation } = directive;
    const signatures = signers.map((name) => {
      const { publicKey, secretKey } = signerOf(name);
      return { keyId: keyId(publicKey), signature: signPayload({ type: "directive", federation, payload, secretKey }) };
    });
    return { payload, directive: decodeDirective(payload), signatures };
  }

  #salt(epoch: number, domain: Domain): DomainSalt {
    const { board, quorum } = this.state.found;
    const entitled = [...this.state.members.values()].filter((member) => member.domains.includes(domain));
    const word = `${epoch} ${domain}`;
    return {
      domain,
      commitment: bytesOf(`commitment ${word}`),
      contributions: board
        .slice(0, quorum)
        .map((seat) => ({ administratorKeyId: keyId(seat.signingKey), commitment: bytesOf(`${seat.name} ${word}`) })),
      boxes: entitled.map(({ member, slug }) => ({ member, sealed: sealed(`${slug} ${word}`) })),
      shares: board.map((seat) => ({
        administratorKeyId: keyId(seat.signingKey),
        sealed: sealed(`${seat.name} ${word}`),
      })),
    };
  }
}

/** As long as a sealed box, and nothing in it. */
function sealed(word: string): Uint8Array {
  return Uint8Array.from([1, 2, 3, 4].flatMap((part) => [...bytesOf(`${word} ${part}`)]));
}

export function healthIn(
  epoch: number,
  records: number,
  nowMs: number,
  changes: Partial<EpochHealth> = {},
): EpochHealth {
  return {
    epoch,
    records,
    published: records,
    digestAgreedMs: nowMs - 2 * MINUTE,
    canariesMet: 3,
    canariesExpected: 3,
    obstacle: "",
    ...changes,
  };
}

export const ADMINISTRATOR: ConsoleUser = { role: "administrator", keyId: seatId(seatOf(BOARD[0])) };
export const SECOND_ADMINISTRATOR: ConsoleUser = { role: "administrator", keyId: seatId(seatOf(BOARD[1])) };
export const AUDITOR: ConsoleUser = { role: "auditor", name: "Auditor Y" };

/** The console over an invented broker, on a free port of this machine, with a clock that tests set. */
export class TestConsole implements AsyncDisposable {
  readonly broker: InventedBroker;
  readonly log = new WrittenLog();
  readonly #dir = mkdtempSync(join(tmpdir(), "causeway-console-"));
  #console: Console | undefined;

  private constructor(broker: InventedBroker) {
    this.broker = broker;
  }

  static async start(broker = new InventedBroker()): Promise<TestConsole> {
    const started = new TestConsole(broker);
    await started.restart();
    return started;
  }

  /** The process ends and begins again, with the same file. */
  async restart(): Promise<void> {
    await this.#console?.[Symbol.asyncDispose]();
    this.#console = await startConsole({
      config: { listen: "127.0.0.1:0" },
      dir: this.#dir,
      data: this.broker,
      databasePath: join(this.#dir, "console.sqlite"),
      world: { ...systemWorld(this.log.for("broker")), clock: () => this.broker.nowMs },
    });
  }

  get console(): Console {
    return this.#console as Console;
  }

  get origin(): string {
    return this.console.origin;
  }

  get databasePath(): string {
    return join(this.#dir, "console.sqlite");
  }

  /** A browser without cookies yet. */
  visitor(): Visitor {
    return new Visitor(this.origin);
  }

  /** A browser whose user has signed in with a one-time code. */
  async signedIn(user: ConsoleUser): Promise<Visitor> {
    const visitor = this.visitor();
    const { code } = this.console.issueCode(user);
    const answer = await visitor.post("/sign-in", { code });
    if (answer.status !== 303) throw new Error(`signing in gave ${answer.status}`);
    return visitor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#console?.[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** What a reader sees of a page, or of the body that a stream sends: tags and repeated white space left out. */
export function textOf(page: string): string {
  const main = page.includes("<main") ? page.slice(page.indexOf("<main"), page.indexOf("</main>")) : page;
  const text = main
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"');
  return text.replaceAll(/\s+/g, " ").replaceAll(/ ([.,:;])/g, "$1");
}

/** As much of a browser as a form needs: cookies, and the headers that say which page sent it. */
export class Visitor {
  readonly #origin: string;
  #cookie = "";

  constructor(origin: string) {
    this.#origin = origin;
  }

  get cookie(): string {
    return this.#cookie;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#fetch(path, { headers });
  }

  /** The page's text. */
  async read(path: string): Promise<string> {
    const response = await this.get(path);
    return await response.text();
  }

  async post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#fetch(path, {
      method: "POST",
      headers: { origin: this.#origin, ...headers },
      body: new URLSearchParams(form),
    });
  }

  async postJson(path: string, body: unknown): Promise<Response> {
    return await this.#fetch(path, {
      method: "POST",
      headers: { origin: this.#origin, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** Presses the button of that name on a page, as a browser without scripts does. */
  async press(path: string, button: string): Promise<Response> {
    const forms = (await this.read(path)).matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs);
    const textOf = (markup: string): string =>
      markup
        .replaceAll(/<[^>]*>/g, "")
        .replaceAll(/\s+/g, " ")
        .trim();
    const form = [...forms].find(([, , inner = ""]) => textOf(inner) === button);
    if (form === undefined) throw new Error(`no button ${button} on ${path}`);
    return await this.post(form[1] as string);
  }

  /** The page as a stream of events. */
  async watch(path: string): Promise<Events> {
    return new Events(await this.get(path, { accept: "text/event-stream" }));
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
    };
    const response = await fetch(`${this.#origin}${path}`, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      this.#cookie = pair.endsWith("=") ? "" : pair;
    }
    return response;
  }
}

export type ServerEvent = { readonly event: string; readonly data: string };

/** What a stream of events sends, one by one. */
export class Events implements AsyncDisposable {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #buffer = "";

  constructor(response: Response) {
    this.response = response;
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
  }

  /** Undefined once the server has closed the stream. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#buffer.slice(0, end).split("\n");
        this.#buffer = this.#buffer.slice(end + 2);
        const valuesOf = (name: string): string[] =>
          lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
        return { event: valuesOf("event").join(""), data: valuesOf("data").join("\n") };
      }
      const { done, value } = await this.#reader.read().catch(() => ({ done: true, value: undefined }) as const);
      if (done) return undefined;
      this.#buffer += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event of that name. */
  async nextOf(name: string): Promise<ServerEvent | undefined> {
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      if (event.event === name) return event;
    }
    return undefined;
  }

  /** All that still comes, until the server closes. */
  async rest(): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}
