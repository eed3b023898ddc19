/** A site of the web kit on a free port of this machine, in a directory of its own that goes with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SiteOptions } from "../../shared/web/running-site.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { WrittenLog } from "../support/written-log.ts";
import { Visitor } from "./visitor.ts";

/** What a test's site is started with; whose pages it shows, its starter knows. */
export type TestOptions = Omit<SiteOptions, "site" | "federation">;

export class TestSite<Running extends AsyncDisposable & { readonly origin: string }> implements AsyncDisposable {
  readonly log = new WrittenLog();
  readonly #dir = mkdtempSync(join(tmpdir(), "causeway-site-"));
  readonly #starter: (options: TestOptions) => Promise<Running>;
  readonly #clock: () => number;
  #running: Running | undefined;

  /** Not started yet. */
  protected constructor(starter: (options: TestOptions) => Promise<Running>, clock: () => number) {
    this.#starter = starter;
    this.#clock = clock;
  }

  get options(): TestOptions {
    return {
      config: { listen: "127.0.0.1:0" },
      dir: this.#dir,
      databasePath: this.databasePath,
      world: { ...systemWorld(this.log.for("program")), clock: this.#clock },
    };
  }

  /** The process ends and begins again, with the same file. */
  async restart(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = await this.#starter(this.options);
  }

  get running(): Running {
    return this.#running as Running;
  }

  get origin(): string {
    return this.running.origin;
  }

  get databasePath(): string {
    return join(this.#dir, "site.sqlite");
  }

  /** A browser without cookies yet. */
  visitor(): Visitor {
    return new Visitor(this.origin);
  }

  /** A browser whose user has typed a one-time code, and what came of it. */
  async signInWith(code: string): Promise<{ readonly status: number; readonly visitor: Visitor }> {
    const visitor = this.visitor();
    const { status } = await visitor.post("/sign-in", { code });
    return { status, visitor };
  }

  /** A browser whose user has signed in with a one-time code. */
  async signedInWith(code: string): Promise<Visitor> {
    const { status, visitor } = await this.signInWith(code);
    if (status !== 303) throw new Error(`signing in gave ${status}`);
    return visitor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
