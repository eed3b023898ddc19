/**
 * An invented program on the web kit: a register of trees, with two pages, one form and its own idea of who may come in. It shares nothing
 * with broker or node, so that the kit is shown to need neither. No orchard, keeper or tree in it is real.
 */
import type { Outcome } from "../../shared/web/act.ts";
import { html } from "../../shared/web/html.ts";
import type { Html } from "../../shared/web/html.ts";
import type { Asked, Page } from "../../shared/web/page.ts";
import { errorSummary, link, live, named, paragraph, table, time } from "../../shared/web/pieces.ts";
import { startSite } from "../../shared/web/running-site.ts";
import type { RunningSite } from "../../shared/web/running-site.ts";
import type { Band, Site } from "../../shared/web/site.ts";
import type { Identity } from "../../shared/web/store/accounts.ts";
import { count as figure } from "../../shared/words/figures.ts";
import { TestSite } from "./test-site.ts";
import type { TestOptions } from "./test-site.ts";
import type { Visitor } from "./visitor.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 14, 5);

/** Keepers are on the orchard's list; guests are whom a keeper lets in. */
export const KEEPER: Identity = { role: "keeper", subject: "badge 1" };
export const SECOND_KEEPER: Identity = { role: "keeper", subject: "badge 2" };
export const GUEST: Identity = { role: "guest", subject: "Guest Y" };

const FEDERATION = new Uint8Array(16).fill(3);

type Tree = { readonly sort: string; readonly apples: number; readonly countedAtMs: number };

/** What the program knows. Everything may be changed; `changed()` tells the site. */
export class Orchard {
  nowMs = NOW_MS;
  readonly keepers = new Map([
    ["badge 1", "Keeper A"],
    ["badge 2", "Keeper B"],
  ]);
  readonly trees = new Map<string, Tree>([
    ["1", { sort: "Boskoop", apples: 40, countedAtMs: NOW_MS - 3_600_000 }],
    ["2", { sort: "<b>Gala</b>", apples: 0, countedAtMs: NOW_MS }],
  ]);
  band: Band | undefined;
  /** The next page that is drawn fails. */
  isBroken = false;
  readonly #listeners = new Set<() => void>();

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

  dismiss(badge: string): void {
    this.keepers.delete(badge);
    this.changed();
  }

  count(tree: string, apples: number): boolean {
    const known = this.trees.get(tree);
    if (known === undefined) return false;
    this.trees.set(tree, { ...known, apples, countedAtMs: this.nowMs });
    this.changed();
    return true;
  }
}

function orchardSite(orchard: Orchard): Site {
  return {
    noun: "orchard",
    cookie: "orchard-session",
    product: "Orchards",
    name: () => "Hillside",
    version: () => "9.8.7",
    band: () => orchard.band,
    roles: {
      keeper: { means: "Keeper: on the orchard's list", overOthers: true, removable: false },
      guest: { means: "Guest: looks", overOthers: false, removable: true },
    },
    nameOf: ({ role, subject }) => (role === "guest" ? subject : orchard.keepers.get(subject)),
    sections: [{ id: "trees", path: "/", title: "Trees" }],
    pages: [
      ["/", () => treesPage(orchard)],
      ["/trees/:tree", (asked) => treePage(orchard, asked)],
    ],
    acts: [["/trees/:tree/count", (asked, field) => count(orchard, asked, field("apples"))]],
    done: { counted: "The apples are counted." },
    footer: { about: "This orchard is invented.", data: "Trees are not persons." },
    codeHelp: paragraph("Ask at the gate for a code."),
    accessHelp: paragraph("Keepers leave by the list, guests here."),
    onChange: (listener) => orchard.onChange(listener),
  };
}

function treesPage({ trees, isBroken }: Orchard): Page {
  if (isBroken) throw new Error("hunter2 at the gate");
  const rows = [...trees].map(([id, { sort, apples }]) => [link(`/trees/${id}`, `Tree ${id}`), named(sort), apples]);
  const list = table({ caption: "All trees", columns: ["Tree", "Sort", "Apples"], rows, empty: "None." });
  return { title: "Trees", section: "trees", body: html`${live("trees", list)}` };
}

function treePage({ trees }: Orchard, { parameter, person }: Asked, problem?: string): Page | undefined {
  const id = parameter("tree");
  const tree = trees.get(id);
  if (tree === undefined) return undefined;
  const { sort, apples, countedAtMs } = tree;
  const state = paragraph([figure(apples), " apples on a ", named(sort), ", counted ", time(countedAtMs)]);
  return {
    title: `Tree ${id}`,
    section: "trees",
    path: `/trees/${id}`,
    body: html`${live("tree", state)} ${person.role === "keeper" ? countForm(id) : ""}`,
    errors: problem === undefined ? undefined : errorSummary([{ field: "apples", text: problem }]),
  };
}

function countForm(tree: string): Html {
  return html`<form method="post" action="/trees/${tree}/count" novalidate>
    <label class="govuk-label" for="apples">Apples</label>
    <input class="govuk-input govuk-input--width-5" id="apples" name="apples" inputmode="numeric" autocomplete="off" />
    <button type="submit" class="govuk-button">Count</button>
  </form>`;
}

function count(orchard: Orchard, asked: Asked, typed: string): Outcome {
  if (asked.person.role !== "keeper") return { kind: "forbidden", text: "only keepers count" };
  const tree = asked.parameter("tree");
  if (!/^\d{1,6}$/.test(typed)) {
    const page = treePage(orchard, asked, "Enter how many apples there are");
    return page === undefined ? { kind: "unknown" } : { kind: "again", page };
  }
  if (!orchard.count(tree, Number(typed))) return { kind: "unknown" };
  return { kind: "next", path: `/trees/${tree}`, done: "counted" };
}

export async function startOrchard(options: TestOptions, orchard = new Orchard()): Promise<RunningSite> {
  return await startSite({ ...options, site: orchardSite(orchard), federation: FEDERATION });
}

/** The site over an orchard, with a clock that tests set. */
export class TestOrchard extends TestSite<RunningSite> {
  readonly orchard: Orchard;

  private constructor(orchard: Orchard) {
    super(
      (options) => startOrchard(options, orchard),
      () => orchard.nowMs,
    );
    this.orchard = orchard;
  }

  static async start(): Promise<TestOrchard> {
    const started = new TestOrchard(new Orchard());
    await started.restart();
    return started;
  }

  /** A browser whose user has signed in with a one-time code. */
  async signedIn(identity: Identity): Promise<Visitor> {
    return await this.signedInWith(this.running.issueCode(identity).code);
  }
}
