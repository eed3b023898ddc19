/** Who connects and says nothing, in thousands, and who takes connections and says nothing. All parties are programs. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { STRANGERS_PER_ADDRESS_MAX } from "../../../shared/core/limits.ts";
import { TestFederation } from "../../support/federation.ts";
import type { UnitName } from "../../support/federation.ts";
import { SOON } from "../../support/patience.ts";
import { BrokerProcess } from "../broker-process.ts";
import { pauses } from "../pauses.ts";
import type { Options, Outcome } from "./attack.ts";

/** Evaluator and broker in turn are held: whoever calls them is taken by the kernel and hears nothing. */
export async function saysNothing({ long }: Options): Promise<Outcome> {
  const which = [{ party: "evaluator" }, { party: "broker" }] as const;
  const { pauses: reports, faults } = await pauses({ seconds: long ? 60 : 3, which, say: () => undefined });
  const figure = {
    silentSeconds: reports[0]!.seconds,
    ended: reports.filter(({ running }) => !running).length,
    errors: faults.length,
    rightAgainSeconds: Math.max(...reports.map(({ rightAgainSeconds }) => rightAgainSeconds ?? Infinity)),
  };
  return { held: figure.ended === 0 && figure.errors === 0 && Number.isFinite(figure.rightAgainSeconds), figure };
}

/** Thousands connect to the broker without a certificate, and again whenever one is hung up on; a node starts and publishes meanwhile. */
export async function connectIdly({ long }: Options): Promise<Outcome> {
  await using federation = await TestFederation.found();
  await federation.nats.start();
  federation.configureBroker();
  await using broker = new BrokerProcess(federation.dir("broker"));
  await broker.logged("broker.ready");
  await federation.startEvaluator();
  // The first start of a node in a process costs more than the others.
  await publishedAfterMs(federation, "wcu");
  const usualMs = await publishedAfterMs(federation, "ct");
  await using siege = await Siege.of(federation.address("broker"), long ? 10_000 : 1_000);
  const besiegedMs = await publishedAfterMs(federation, "thb");
  const figure = {
    connectionsMade: siege.made,
    heldOpen: siege.open,
    usualMs: Math.round(usualMs),
    besiegedMs: Math.round(besiegedMs),
    ratio: Number((besiegedMs / usualMs).toPrecision(3)),
  };
  // What holds more runs out of descriptors somewhere; some are on their way.
  const isBounded = figure.heldOpen < 2 * STRANGERS_PER_ADDRESS_MAX;
  return { held: isBounded && !broker.isGone && besiegedMs < SOON.timeout, figure };
}

/** From the start of a unit's node until its first record is receipted. Throws if it is not in time. */
async function publishedAfterMs(federation: TestFederation, unit: UnitName): Promise<number> {
  const began = performance.now();
  await federation.startNode(unit);
  await federation.import(unit, `reference,kind,name,birthDate\n${unit}-1,person,Tomas Kellner,1980-02-03\n`);
  for (let left = true; left; await sleep(SOON.interval)) {
    const { hardening, outbox, records, brokerConnected } = await federation.status(unit);
    left = hardening + outbox > 0n || records === 0n || !brokerConnected;
    if (performance.now() - began > SOON.timeout) throw new Error(`${unit} does not publish under siege`);
  }
  return performance.now() - began;
}

/** Sockets that say nothing. One that is closed makes place for the next, a few hundred a second. */
class Siege implements AsyncDisposable {
  made = 0;
  readonly #sockets = new Set<Socket>();
  readonly #ended = new AbortController();
  readonly #address: { readonly host: string; readonly port: number };
  #goingOn: Promise<void> = Promise.resolve();

  private constructor(address: string) {
    const [host = "", port] = address.split(":");
    this.#address = { host, port: Number(port) };
  }

  /** Resolves when so many have been made; then it goes on. */
  static async of(address: string, count: number): Promise<Siege> {
    const siege = new Siege(address);
    while (siege.made < count) await siege.#knock();
    siege.#goingOn = siege.#goOn(count);
    return siege;
  }

  get open(): number {
    return this.#sockets.size;
  }

  async #goOn(count: number): Promise<void> {
    while (!this.#ended.signal.aborted) {
      if (this.open < count) await this.#knock();
      await sleep(PAUSE_MS);
    }
  }

  async #knock(): Promise<void> {
    const socket = connect(this.#address);
    this.#sockets.add(socket);
    this.made += 1;
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    await Promise.race([once(socket, "connect"), once(socket, "close")]).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#goingOn;
    for (const socket of this.#sockets) socket.destroy();
  }
}

const PAUSE_MS = 2;
