/** A federation whose broker runs, and administrators, registrar and units that call it with real certificates. Everything is invented. */
import type { Caller } from "../../shared/platform/party-calls.ts";
import { callerIn, registrarIn } from "../support/callers.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { draftDirective, signDirective } from "../../agency-node/admin/board.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import { freshnessSeedOf } from "../../agency-node/registrar/keys.ts";
import type { DirectiveBody, DirectiveSignature, SignedDirective } from "../../shared/core/directive.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import type { GrpcConnection, GrpcTls } from "../../shared/platform/grpc.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import {
  BoardServiceDefinition,
  MembershipServiceDefinition,
  RegistrarServiceDefinition,
} from "../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { TestFederation } from "../support/federation.ts";

export type Draft = Pick<SignedDirective, "payload" | "directive">;
type Definition = Parameters<typeof grpcClient>[0];

export class BoardRoom implements AsyncDisposable {
  readonly federation: TestFederation;
  /** How far the broker's clock is ahead. */
  brokerAheadMs = 0;
  readonly #open: Disposable[] = [];

  private constructor(federation: TestFederation) {
    this.federation = federation;
  }

  /** Founded, with nats-server and broker running; no node and no evaluator. */
  static async open(): Promise<BoardRoom> {
    const federation = await TestFederation.found({ brokerClock: () => Date.now() + room.brokerAheadMs });
    const room = new BoardRoom(federation);
    try {
      await federation.nats.start();
      await federation.startBroker();
    } catch (error) {
      await federation[Symbol.asyncDispose]();
      throw error;
    }
    return room;
  }

  tls(party: string): GrpcTls {
    return readTls(party === "registrar" ? this.federation.founded.registrarDir : this.federation.dir(party));
  }

  /** A connection of its own to the broker, with this party's certificate. Closed with the room. */
  call<D extends Definition>(definition: D, party: string): GrpcConnection<D>["client"] {
    const { address } = this.federation.founded.federation.found.broker;
    const to = { address, tls: this.tls(party), expected: { kind: "broker" } as const, caller: this.caller(party) };
    const connection = grpcClient(definition, to);
    this.#open.push(connection);
    return connection.client;
  }

  /** A party that signs its requests, by the broker's clock. */
  caller(party: string): Caller {
    const { founded, board } = this.federation;
    const clock = (): number => Date.now() + this.brokerAheadMs;
    if (party === "registrar") return registrarIn(founded.registrarDir, board.federation, clock);
    return callerIn(this.federation.dir(party), board.federation, clock);
  }

  board(administrator: string) {
    return this.call(BoardServiceDefinition, administrator);
  }

  membership(party: string) {
    return this.call(MembershipServiceDefinition, party);
  }

  registrar(party = "registrar") {
    return this.call(RegistrarServiceDefinition, party);
  }

  /** A directive that would come next, unsigned. */
  draft(body: DirectiveBody, notAfterMs?: number): Draft {
    const state = this.federation.board.federation;
    return draftDirective({ federation: state.id, nowMs: Date.now(), notAfterMs }, state, body);
  }

  sign(draft: Draft, administrator: string): DirectiveSignature {
    return signDirective(draft, readSigningKeys(this.federation.dir(administrator)));
  }

  /** Hands in a proposal with the signatures of these administrators, the first of whom calls. */
  async propose(draft: Draft, ...administrators: readonly [string, ...string[]]) {
    const signatures = administrators.map((each) => this.sign(draft, each));
    return await this.board(administrators[0]).propose({ directive: { payload: draft.payload, signatures } });
  }

  async approve(draft: Draft, digest: Uint8Array, administrator: string) {
    return await this.board(administrator).approve({ digest, signature: this.sign(draft, administrator) });
  }

  /** What the board decides takes effect at the running broker at once. */
  async decide(body: DirectiveBody): Promise<void> {
    await this.propose(this.draft(body), "chair", "deputy");
  }

  async suspend(unit: "ct" | "thb" | "wcu"): Promise<void> {
    await this.decide({ type: "suspend", member: this.federation.member(unit), reason: "Invented reason" });
  }

  async reinstate(unit: "ct" | "thb" | "wcu"): Promise<void> {
    const member = this.federation.member(unit);
    const salts = await this.federation.board.saltsFor(this.federation.board.federation.suspended.get(member)!);
    await this.decide({ type: "reinstate", member, reason: "Invented reason", salts });
  }

  /** What the registrar says of the chain as the broker has it now. */
  freshness(nowMs = Date.now()): Signed {
    const { federation } = this.federation.board;
    const freshnessSeed = freshnessSeedOf(this.federation.founded.registrarDir, federation.found.freshnessKey);
    return Signed.decode(stateFreshness({ federation, freshnessSeed, nowMs }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) each[Symbol.dispose]();
    await this.federation[Symbol.asyncDispose]();
  }
}

/** What came of it, or a failure after `withinMs`. */
export async function within<T>(withinMs: number, what: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(withinMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`nothing came within ${withinMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([what, late]);
  } finally {
    stop.abort();
  }
}

/** The code with which a stream ends, or "ended". Reads it to its end. */
export async function endOf(stream: AsyncIterable<unknown>): Promise<string> {
  try {
    for await (const _ of stream);
    return "ended";
  } catch (error) {
    return (error as { code?: string }).code ?? "unknown";
  }
}
