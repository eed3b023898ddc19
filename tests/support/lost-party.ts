/**
 * The ways back in `docs/operations.md`, "A party is lost", done as they stand, with real programs: a federation founded by the board's page,
 * the commands of one section, and overlaps before, meanwhile and after.
 *
 *   await using lost = await LostParty.founded();
 *   await lost.loses("causeway evaluator", "key-office");
 *   await lost.does("The second evaluator");
 *
 * What people read to each other stands in shell variables: $CODE (an invitation), $KEY (a fingerprint), $DIGEST (of a proposal), $REQUEST (of
 * one for salts), $KEYHEX (a public key), $NATSKEY (the fingerprint of the NATS server's enrolment).
 */
import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { EXIT } from "../../shared/terminal/exit.ts";
import { commandBlocksIn, FoundingPage } from "./founding-page.ts";
import { passportOf, person } from "./overlaps.ts";
import { SOON } from "./patience.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const CLI = join(ROOT, "deploy", "cli.ts");
const ASK_MS = 500;
/** Commands that wait for what others do next. */
const WAITS = /^causeway (?:admin enrol|node enrol|admin next-key \S+ --invitation|registrar enrol)/;
/** Commands that are given again until the others have done their part, or their nodes are ready. */
const AGAIN = /^causeway (?:admin epoch (?:prepare|reveal|open|activate|retire)|admin (?:approve|reinstate|places))/;
const SAID: Readonly<Record<string, RegExp>> = {
  CODE: /(cwi1-\S+)/,
  KEY: /^ *((?:[0-9a-f]{4} ){7}[0-9a-f]{4})$/m,
  DIGEST: /causeway admin approve DIR ([0-9a-f]{16})/,
  KEYHEX: /^ *((?:[0-9a-f]{4} ){15}[0-9a-f]{4})$/m,
  REQUEST: /^([0-9a-f]{8}) /m,
};

type Unit = "north" | "harbour";
type Line = Record<string, unknown>;

export class LostParty implements AsyncDisposable {
  readonly page: FoundingPage;
  #met = 0;

  private constructor(page: FoundingPage) {
    this.page = page;
  }

  static async founded(): Promise<LostParty> {
    const page = await FoundingPage.done((command) => command.replace(/^causeway /, `node "${CLI}" `));
    page.variables["NATSKEY"] = readEnrolment(join(page.work, "nats")).fingerprint;
    return new LostParty(page);
  }

  /** The program is killed, and these directories and files are gone. */
  async loses(program: string, ...paths: string[]): Promise<void> {
    await this.page.end(program);
    for (const path of paths) rmSync(join(this.page.work, path), { recursive: true });
  }

  /** The commands of one section, in order: of all its blocks, or of one, counted from 0. */
  async does(heading: string, block?: number): Promise<void> {
    const blocks = commandBlocksIn(await this.page.moved(sectionOf(heading)));
    const commands = block === undefined ? blocks.flat() : (blocks[block] ?? []);
    expect(commands.length, heading).toBeGreaterThan(0);
    await this.runs(commands);
  }

  async runs(commands: readonly string[]): Promise<void> {
    const waiting: { readonly command: string; readonly child: ChildProcess }[] = [];
    for (const [i, command] of commands.entries()) {
      if (FoundingPage.isLongRunning(command)) {
        for (const each of waiting.splice(0)) await this.#succeeded(each);
        this.page.start(command);
      } else if (WAITS.test(command)) waiting.push({ command, child: await this.#begun(command) });
      else if (command.includes("node status")) await this.page.untilDone(command, [EXIT.ok, EXIT.unsure]);
      else await this.#done(command, commands.slice(i + 1).includes(command));
    }
    for (const each of waiting) await this.#succeeded(each);
  }

  /** Until it prints what is to be read out. */
  async #begun(command: string): Promise<ChildProcess> {
    const child = this.page.start(command);
    while (!SAID["KEY"]!.test(this.page.logOf(child))) {
      expect(child.exitCode, `${command}\n${this.page.logOf(child)}`).toBe(null);
      await pause(ASK_MS);
    }
    this.#hear(this.page.logOf(child));
    return child;
  }

  async #succeeded({ command, child }: { readonly command: string; readonly child: ChildProcess }): Promise<void> {
    if (child.exitCode === null) await once(child, "close");
    expect(child.exitCode, `${command}\n${this.page.logOf(child)}`).toBe(EXIT.ok);
  }

  /** `comesAgain`: the section itself gives the command again, once others have done their part. */
  async #done(command: string, comesAgain: boolean): Promise<void> {
    for (const untilMs = Date.now() + SOON.timeout; ; await pause(ASK_MS)) {
      const { status, stdout, stderr } = this.page.tried(command);
      this.#hear(stdout);
      if (status === EXIT.ok || (comesAgain && status === EXIT.waiting)) return;
      const said = `${command}\n${stdout}\n${stderr}`;
      if (!AGAIN.test(command) || Date.now() > untilMs) expect(status, said).toBe(EXIT.ok);
    }
  }

  #hear(text: string): void {
    for (const [name, pattern] of Object.entries(SAID)) {
      const said = pattern.exec(text)?.[1];
      if (said !== undefined) this.page.variables[name] = said;
    }
  }

  /** Both units import the same further invented person. Answers with its number. */
  publishes(...units: Unit[]): number {
    this.#met += 1;
    for (const unit of units.length === 0 ? (["north", "harbour"] as const) : units) this.imports(unit, this.#met);
    return this.#met;
  }

  imports(unit: Unit, number: number): void {
    writeFileSync(join(this.page.work, "import.ftm"), person(unit, number));
    const terms = "--format ftm --kind person --role suspect --legal-basis invented --case CASE-1 --handling open";
    this.page.run(`causeway node import import.ftm --dir ${unit} ${terms} --review-by ${inNinetyDays()}`);
  }

  /** All that a unit has imported, as its own file `cases.csv`. */
  keepsFile(unit: Unit, numbers: readonly number[]): void {
    const columns = "reference,kind,role,name,passportNumber,legalBasis,caseReference,handling,reviewBy";
    const rows = numbers.map(
      (number) =>
        `${unit}-${number},person,suspect,Invented ${unit} ${number},${passportOf(number)},invented,CASE-1,open,${inNinetyDays()}`,
    );
    writeFileSync(join(this.page.work, "cases.csv"), [columns, ...rows, ""].join("\n"));
  }

  /** Numbers of the persons that the unit was shown to share, with the other's contact, each as often as it is shown. */
  met(unit: Unit): number[] {
    return this.overlaps(unit)
      .filter(({ state }) => state === "proven")
      .map(({ reference }) => Number(String(reference).split("-")[1]))
      .toSorted((a, b) => a - b);
  }

  overlaps(unit: Unit): Line[] {
    return linesIn(this.page.run(`causeway node inbox --all --json --reason test --dir ${unit}`)).filter(isOverlap);
  }

  /** Somebody of the unit looks on from now; answers with what was shown so far: overlaps as they stood, then each change. */
  watches(unit: Unit): () => Line[] {
    const watcher = this.page.start(`causeway node inbox --watch --all --json --reason test --dir ${unit}`);
    return () => linesIn(this.page.logOf(watcher)).filter(isOverlap);
  }

  async meets(...numbers: number[]): Promise<void> {
    for (const unit of ["north", "harbour"] as const) {
      await expect.poll(() => this.met(unit), { timeout: SOON.timeout, interval: ASK_MS }).toEqual(numbers);
    }
  }

  status(unit: Unit): Line {
    const { stdout } = this.page.tried(`causeway node status --json --dir ${unit}`);
    return JSON.parse(stdout) as Line;
  }

  /** Lines of the log of the program that was started last with this command. */
  log(program: string, event: string): Line[] {
    return linesIn(this.page.logOf(this.page.program(program))).filter((line) => line["event"] === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page[Symbol.asyncDispose]();
  }
}

function linesIn(text: string): Line[] {
  const lines = text.split("\n");
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Line);
}

function isOverlap(line: Line): boolean {
  return "reference" in line;
}

function sectionOf(heading: string): string {
  const page = readFileSync(join(ROOT, "docs", "operations.md"), "utf8");
  const [, after] = page.split(`\n### ${heading}\n`);
  if (after === undefined) throw new Error(`docs/operations.md has no section ${heading}`);
  return after.split(/\n##+ /)[0] as string;
}

function inNinetyDays(): string {
  return new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
}
