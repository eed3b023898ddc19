/** Parties of this version and of the one before, in one federation: they find overlaps, and nothing that one does not know blocks it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Ledger } from "../../broker/store/ledger.ts";
import { CAPABILITIES } from "../../shared/core/capabilities.ts";
import { fromHex } from "../../shared/core/bytes.ts";
import type { EncodedBatch } from "../../shared/core/data-plane.ts";
import { batchHash } from "../../shared/wire/data-plane.ts";
import { NoticeBatch } from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import { TestFederation } from "../support/federation.ts";
import { laterKind } from "../support/later-kind.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { Baseline } from "./baseline.ts";
import type { BaselineProgram } from "./baseline.ts";

/** Invented persons. */
const person = (id: string, passport: string): string =>
  `${JSON.stringify({ id, schema: "Person", properties: { name: ["Karim Haddadi"], birthDate: ["1984-03-12"], passportNumber: [passport] } })}\n`;

let baseline: Baseline;
beforeAll(() => {
  baseline = new Baseline();
});
afterAll(() => baseline?.[Symbol.dispose]());

const settings = (dir: string, name: string, value: object): void =>
  writeFileSync(join(dir, name), JSON.stringify(value));

/** `ct` runs this version, `thb` the one before. */
class MixedFederation implements AsyncDisposable {
  readonly federation: TestFederation;
  readonly programs: BaselineProgram[] = [];

  constructor(federation: TestFederation) {
    this.federation = federation;
  }

  async startOldNode(): Promise<void> {
    this.federation.configureNode("thb");
    this.programs.push(await baseline.start("agency-node/main.ts", this.federation.dir("thb"), "node.started"));
  }

  /** Both units hold the same person; resolves when both have been told and each knows whom to call. */
  async overlap(number: number): Promise<void> {
    await this.federation.import("ct", person(`CT-${number}`, `ZX991234${number}`));
    await baseline.import(this.federation.dir("thb"), person(`THB-${number}`, `ZX991234${number}`));
    const told = { state: "proven", grade: "strong" };
    await expect
      .poll(async () => await this.federation.matches("ct"), SOON)
      .toContainEqual(expect.objectContaining({ ...told, reference: `CT-${number}` }));
    await expect
      .poll(async () => await baseline.node(this.federation.dir("thb"), "inbox"), SOON)
      .toContainEqual(expect.objectContaining({ ...told, reference: `THB-${number}` }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.programs) await program[Symbol.asyncDispose]();
    await this.federation[Symbol.asyncDispose]();
  }
}

describe("a broker and an evaluator of the version before", () => {
  it(
    "serve nodes of both versions, and are told nothing that they would refuse",
    async () => {
      await using mixed = new MixedFederation(await TestFederation.found());
      const { federation } = mixed;
      await federation.nats.start();
      federation.configureBroker();
      settings(federation.dir("key-office"), "evaluator.json", {
        listen: federation.address("key-office"),
        workers: 1,
      });
      const broker = await baseline.start("broker/main.ts", federation.dir("broker"), "broker.ready");
      mixed.programs.push(broker);
      mixed.programs.push(
        await baseline.start("broker/evaluator/main.ts", federation.dir("key-office"), "evaluator.ready"),
      );
      await federation.startNode("ct");
      await mixed.startOldNode();
      await mixed.overlap(1);
      await federation.settled(["ct"]);
      expect(broker.log).not.toContain("submission.unproven");
    },
    LONG_MS,
  );
});

describe("a broker and an evaluator of this version", () => {
  it(
    "serve nodes of both versions, and a notice of a kind that a node does not know blocks nothing behind it",
    async () => {
      await using mixed = new MixedFederation(await TestFederation.found());
      const { federation } = mixed;
      await federation.nats.start();
      await federation.startBroker();
      await federation.startEvaluator();
      await federation.startNode("ct");
      await mixed.startOldNode();
      await mixed.overlap(1);

      await federation.stop("broker");
      addNoticeOfLaterKind(federation);
      await federation.startBroker();
      await mixed.overlap(2);
      await federation.settled(["ct"]);
      await expect
        .poll(async () => await federation.status("ct"), SOON)
        .toMatchObject({ skippedNotices: 1n, heldStrays: 0n, brokenNotices: 0n });
      expect(federation.log.text).toContain(`"capabilities":"${CAPABILITIES.join(" ")}"`);
    },
    LONG_MS,
  );
});

/** As a broker of a later version would leave it behind, at the end of what it tells `ct`. */
function addNoticeOfLaterKind(federation: TestFederation): void {
  const member = federation.member("ct");
  using ledger = new Ledger(join(federation.dir("broker"), "data", "ledger.sqlite"), federation.founded.federation.id);
  const { incarnation, number: last, hash: prevHash } = ledger.lines.line(member)!;
  const number = last + 1;
  const events = [{ event: undefined, ...laterKind(17) }];
  const batch = NoticeBatch.encode({ incarnation: fromHex(incarnation), number: BigInt(number), prevHash, events });
  const bytes = batch.finish() as EncodedBatch;
  ledger.lines.append(member, { number, atMs: Date.now(), batch: bytes }, batchHash(bytes));
}
