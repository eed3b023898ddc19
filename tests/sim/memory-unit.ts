/** A unit of a simulated federation: its node, over ports that lead to the other parties in the same process. */
import { assemble, run } from "../../agency-node/assemble.ts";
import type { Assembled } from "../../agency-node/assemble.ts";
import type { Actor } from "../../agency-node/core/actor.ts";
import type { MemberTerms } from "../../agency-node/admin/founding.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { inProcessEngine } from "../../agency-node/hardening/engine.ts";
import type { Evaluators } from "../../agency-node/hardening/evaluators.ts";
import type { BrokerDesk, NodePorts, OwnKeys } from "../../agency-node/ports.ts";
import { contentHash } from "../../agency-node/intake/content-hash.ts";
import type { FieldName } from "../../agency-node/intake/field-names.ts";
import type { ImportReceipt } from "../../agency-node/records.ts";
import type { Assembled as Broker } from "../../broker/assemble.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import type { Bus, BusConnection } from "../../shared/bus/bus.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { dayOf, isoDay } from "../../shared/core/days.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../shared/core/evaluation.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { isInGoodStanding, memberIdentity } from "../../shared/platform/standing.ts";
import { toWireRequest, toWireResponse } from "../../shared/wire/evaluation.ts";
import { EvaluateRequest, EvaluateResponse } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { deliveryStream, submissionSubject } from "../../shared/wire/subjects.ts";
import { retryWhileUnavailable } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { evaluatorsInProcess } from "../support/evaluators-in-process.ts";
import type { MemoryBusServer } from "../support/memory-bus.ts";
import { memoryKeys } from "../support/memory-keys.ts";
import { ChainReader } from "./chain-reader.ts";
import { Line } from "./line.ts";
import { recordedBus } from "./recorder.ts";
import type { Message } from "./recorder.ts";

/** A record by the names of its fields, such as `{ reference: "CT-1", kind: "person", name: "…", birthDate: "1984-03-12" }`. */
/** Who acts at every unit. */
export const OFFICER: Actor = { kind: "person", known: "stated", name: "invented officer" };

export type Row = Readonly<Partial<Record<FieldName, string>>>;

/** What a unit's officers see of a match. */
export type Seen = {
  /** Of the unit's own record. */
  readonly reference: string;
  readonly grade: string;
  readonly kind: string;
  readonly state: string;
  /** Of the other unit, once that is disclosed. */
  readonly unit: string | undefined;
  readonly contact: string | undefined;
};

/** The parties that a node talks to. */
export type Others = {
  readonly bus: MemoryBusServer;
  readonly broker: Broker;
  readonly evaluators: ReadonlyMap<string, Evaluator>;
  readonly pinnedFingerprint: Uint8Array;
  /** Answers whether the message is lost. */
  note(message: Omit<Message, "atMs" | "lost">): boolean;
  kindOf(unit: MemoryUnit, subject: string, data: Uint8Array): string;
};

const REVIEW_DAYS = 180;
const DEFAULTS = {
  role: "suspect",
  legalBasis: "Invented Act, section 1",
  caseReference: "CASE-INVENTED-1",
  handling: "open",
} as const;

export class MemoryUnit implements AsyncDisposable {
  readonly slug: string;
  readonly keys: OwnKeys;
  readonly admit: Admit;
  readonly line: Line;
  readonly #world: World;
  #stop = new AbortController();
  #database = ":memory:";
  #bus: Bus | undefined;
  #server: MemoryBusServer | undefined;
  #node: Assembled | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(of: { readonly slug: string; readonly domains: readonly Domain[]; member: MemberId; world: World }) {
    this.slug = of.slug;
    this.#world = of.world;
    this.keys = memoryKeys(of.member, of.world);
    const sealingKey = this.keys.sealing.all()[0]?.keyPair.publicKey as Uint8Array;
    const keys = { member: of.member, signingKey: this.keys.signer.publicKey, sealingKey };
    this.admit = { ...termsOf(of.slug, of.domains), ...keys };
    this.line = new Line(of.world);
  }

  get node(): Assembled {
    if (this.#node === undefined) throw new Error(`the node of ${this.slug} has not started`);
    return this.#node;
  }

  start(others: Others, settings: NodePorts["settings"]): void {
    this.#server = others.bus;
    this.#node = assemble(this.#portsTo(others, settings));
    this.#running = run(this.#node, this.#stop.signal);
    // Told by `stop`.
    this.#running.catch(() => undefined);
  }

  /** The first of them names the columns. */
  async import(rows: readonly Row[]): Promise<ImportReceipt> {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row) as FieldName[]))];
    const lines = [columns.join(","), ...rows.map((row) => columns.map((name) => `"${row[name] ?? ""}"`).join(","))];
    const mapping = Object.fromEntries(columns.map((name) => [name, name]));
    const defaults = { ...DEFAULTS, reviewBy: this.#reviewBy() };
    const options = { format: "csv", dryRun: false, defaults, mapping } as const;
    async function* file(): AsyncGenerator<Uint8Array> {
      yield utf8(`${lines.join("\n")}\n`);
    }
    for await (const event of this.node.records.import(file(), options, OFFICER)) {
      if (event.kind === "receipt") return event.receipt;
    }
    throw new Error("the import ended without a receipt");
  }

  /** Takes records in as an import does, without a file, each under its reference. */
  hold(subjects: ReadonlyMap<string, Subject>): void {
    const { db, store, told, trust } = this.node;
    const reviewBy = this.#reviewBy();
    db.transaction(() => {
      for (const [reference, subject] of subjects) {
        const record = { ...DEFAULTS, reference, subject, reviewBy };
        store.put(record, contentHash(record), trust.recordHandle(domainOf(record.role), reference));
      }
    });
    told.stored.ring();
  }

  get inbox(): Seen[] {
    const { inbox, store, matches } = this.node;
    return inbox.matches().map((match) => {
      const { handle, grading, status: state } = match;
      const { grade, kind } = grading;
      const reference = store.byHandle(handle)?.record.reference ?? "";
      const counterpart = matches.counterpartOf(match);
      return { reference, grade, kind, state, unit: counterpart?.name, contact: counterpart?.contact?.email };
    });
  }

  /** Nothing that it has to say waits. */
  get isQuiet(): boolean {
    const { outbox, store } = this.node;
    const { hardening, waiting } = store.counts();
    return this.line.isCut || outbox.length + hardening + waiting === 0;
  }

  cut(): void {
    this.line.isCut = true;
    this.hangUp();
  }

  /** The bus's server ends the connection. */
  hangUp(): void {
    if (this.#bus !== undefined) this.#server?.cut(this.#bus);
  }

  mend(): void {
    this.line.isCut = false;
    if (this.#bus !== undefined) this.#server?.mend(this.#bus);
  }

  /** It starts next with this database, as after a restore; everything else of it is as it was. */
  async replaceDatabase(path: string): Promise<void> {
    await this.#node?.[Symbol.asyncDispose]();
    this.#node = undefined;
    this.#database = path;
    this.#stop = new AbortController();
  }

  /** Rejects with what the node failed of. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node?.[Symbol.asyncDispose]();
  }

  #reviewBy(): string {
    return isoDay(dayOf(this.#world.clock()) + REVIEW_DAYS);
  }

  #portsTo(others: Others, settings: NodePorts["settings"]): NodePorts {
    const world = this.#world;
    const { line } = this;
    const peer = memberIdentity(this.admit);
    const { directory: source } = others.broker.ground;
    const { pinnedFingerprint } = others;
    return {
      world,
      keys: this.keys,
      directory: new ChainReader({ source, peer, pinnedFingerprint, line, world }),
      connectBus: (connection) => this.#connect(others, connection),
      desk: this.#desk(others),
      evaluators: this.#evaluators(others),
      engine: inProcessEngine(world),
      onEvidence: () => {
        throw new Error("there is evidence against an evaluator, and all of them are honest");
      },
      database: this.#database,
      settings,
    };
  }

  /** As its credentials allow: its own subjects and stream, and nothing once it is suspended. */
  async #connect({ bus, broker, note, kindOf }: Others, connection: BusConnection): Promise<Bus> {
    const { member } = this.admit;
    const permissions = {
      publish: (subject: string) => subject.startsWith(submissionSubject(member, 0).slice(0, -1)),
      read: (stream: string) => stream === deliveryStream(member),
    };
    const { signal } = connection;
    const connected = await retryWhileUnavailable(
      this.#world,
      () =>
        this.line.call(() =>
          bus.connect(connection, broker.ground.federation().members.has(member) ? permissions : "refused"),
        ),
      { signal, maxDelayMs: 2_000 },
    );
    this.#bus = connected;
    return recordedBus(connected, (subject, bytes) =>
      note({ from: this.slug, to: "broker", kind: kindOf(this, subject, bytes), bytes }),
    );
  }

  #desk({ broker }: Others): BrokerDesk {
    const { member } = this.admit;
    const { board, oversight } = broker.desk;
    const call = async <T>(work: () => T): Promise<T> =>
      await this.line.call(() => {
        if (isInGoodStanding(memberIdentity(this.admit), broker.ground.federation())) return work();
        throw new CausewayError("FORBIDDEN", "only members in good standing may do this");
      });
    return {
      preparedEpoch: () => call(() => board.preparations.current().epoch),
      offerKey: (key) => call(() => board.preparations.offerKey(member, key)),
      standing: () =>
        call(() => {
          const { usedInWindow: used, perDay, available } = oversight.budgetOf(member)!;
          return { used, perDay, available, alarms: oversight.openAlarmsOf(member).map(({ text }) => text) };
        }),
    };
  }

  #evaluators({ evaluators, note }: Others): Evaluators {
    const inner = evaluatorsInProcess(evaluators, memberIdentity(this.admit), this.#world);
    const { slug, line } = this;
    return {
      clientOf(evaluator, federation) {
        const { name } = evaluator;
        const client = inner.clientOf(evaluator, federation);
        return {
          async ask(request) {
            return await line.call(async () => {
              note({ from: slug, to: name, kind: `evaluation ${request.kind}`, bytes: requestBytes(request) });
              const answer = await client.ask(request);
              note({ from: name, to: slug, kind: `evaluation ${answer.kind}`, bytes: answerBytes(answer) });
              return answer;
            });
          },
          [Symbol.dispose]: () => client[Symbol.dispose](),
        };
      },
      budgetAt: (evaluator, federation, signal) => line.call(() => inner.budgetAt(evaluator, federation, signal)),
    };
  }
}

function requestBytes(request: EvaluationRequest): Uint8Array {
  return EvaluateRequest.encode(toWireRequest(request)).finish();
}

function answerBytes(answer: EvaluationResponse): Uint8Array {
  return EvaluateResponse.encode(toWireResponse(answer)).finish();
}

function termsOf(slug: string, domains: readonly Domain[]): MemberTerms {
  return {
    slug,
    name: `Invented unit ${slug}`,
    mandate: "invented mandate",
    contact: { office: "Duty desk", phone: "+44 1632 960000", email: `desk@${slug}.example`, hours: "always" },
    domains,
    legalBasis: "Invented Act, section 1",
    purposes: ["deconfliction"],
    retentionDaysMax: 365,
    budget: { initial: 100_000, perDay: 10_000 },
  };
}
