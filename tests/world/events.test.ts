import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { defineEvents } from "../../shared/world/events.ts";
import { createLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";
import { CATALOGUES, EVENTS_PAGE, eventsPage } from "../tools/event-tables.ts";

const ROOT = join(import.meta.dirname, "..", "..");

const { orchard } = defineEvents({
  orchard: {
    picked: { level: "info", fields: { apples: "number", sort: "word?" }, means: "Invented: apples were picked." },
    closed: { level: "warn", means: "Invented: the gate is shut." },
    flooded: { level: "error", fields: { row: "number" }, means: "Invented: a row stands under water." },
  },
});

function told(act: (log: Log) => void) {
  const lines: string[] = [];
  const log = createLog("test", { write: (line) => void lines.push(line) });
  act(log);
  return { log, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** Which calls of a log's own functions stand in a text, such as `log.info(`. */
function rawCalls(text: string): string[] {
  return [...text.matchAll(/\b\w*[lL]og\b(?:\([^\n]*\))?\.(?:info|warn|error)\(/g)].map(([call]) => call);
}

describe("an event", () => {
  it("is written with its name, level and fields, and what went wrong", () => {
    const { lines } = told((log) => {
      orchard.picked(log, { apples: 3 });
      orchard.closed(log);
      orchard.flooded(log, new CausewayError("ENVIRONMENT", "the pump is off"), { row: 2 });
    });
    expect(lines).toMatchObject([
      { level: 30, event: "orchard.picked", apples: 3 },
      { level: 40, event: "orchard.closed" },
      { level: 50, event: "orchard.flooded", row: 2, error: "ENVIRONMENT", message: "the pump is off" },
    ]);
  });

  it("is counted by the log, also under standing fields; what was read before stays as it was", () => {
    const { log } = told((log) => {
      orchard.picked(log, { apples: 3 });
      orchard.picked(log.with({ member: "ct" }), { apples: 4, sort: "boskoop" });
    });
    const before = log.counts();
    orchard.closed(log);
    expect(Object.fromEntries(before)).toEqual({ "orchard.picked": 2 });
    expect(Object.fromEntries(log.counts())).toEqual({ "orchard.picked": 2, "orchard.closed": 1 });
  });

  it("takes the fields of its catalogue and no others", () => {
    // It is the type check that fails.
    const wrong = (log: Log): void => {
      // @ts-expect-error -- a field is missing
      orchard.picked(log);
      // @ts-expect-error -- not a number
      orchard.picked(log, { apples: "three" });
      // @ts-expect-error -- not in the catalogue
      orchard.picked(log, { apples: 3, name: "x" });
      // @ts-expect-error -- it has none
      orchard.closed(log, { apples: 3 });
    };
    expect(wrong).toBeTypeOf("function");
  });
});

describe("the catalogues", () => {
  const all = Object.values(CATALOGUES).flat();

  it("name events in one style, and each once for a program", () => {
    for (const { event } of all) expect(event).toMatch(/^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$/);
    for (const events of Object.values(CATALOGUES)) {
      const names = events.map(({ event }) => event);
      expect(names).toEqual([...new Set(names)]);
    }
  });

  it("say in sentences what an event means, and what to do", () => {
    for (const { form } of all) {
      expect(form.means).toMatch(/^[A-Z].*\.$/);
      if (form.act !== undefined) expect(form.act).toMatch(/^[A-Z`].*[.?]$/);
    }
  });

  it("are what docs/events.md lists, every event and none too many", () => {
    expect(readFileSync(EVENTS_PAGE, "utf8")).toBe(eventsPage());
  });

  it("hold every event that docs/operations.md and docs/administrators.md speak of", () => {
    const nouns = new Set(all.map(({ event }) => event.split(".")[0]));
    const names = new Set(all.map(({ event }) => event));
    for (const page of ["operations.md", "administrators.md"]) {
      const text = readFileSync(join(ROOT, "docs", page), "utf8");
      const quoted = [...text.matchAll(/`(([a-z][A-Za-z]*)\.[A-Za-z-]+)`/g)];
      const spoken = quoted.filter(([, name = "", noun]) => nouns.has(noun ?? "") && !FILES.test(name));
      expect(spoken.map(([, name]) => name).filter((name) => !names.has(name ?? ""))).toEqual([]);
      if (page === "operations.md") expect(spoken.length).toBeGreaterThan(20);
    }
  });

  it("are the only way to the log", async () => {
    const found: string[] = [];
    let files = 0;
    for await (const file of glob("{shared,broker,agency-node,deploy}/**/*.ts", { cwd: ROOT })) {
      files += 1;
      if (BESIDE.has(file)) continue;
      for (const call of rawCalls(readFileSync(join(ROOT, file), "utf8"))) found.push(`${file}: ${call}`);
    }
    expect(files).toBeGreaterThan(300);
    expect(found).toEqual([]);
    expect(rawCalls('this.#log(member).warn("x"); parts.world.log.info("x"); serverLog.error("x", e)')).toHaveLength(3);
  });
});

const FILES = /\.(json|crt|key|creds|conf|sqlite|pin|bin|pem|listen|origin|certificate|natsUrl|sock)$/;

/** What writes events, and what puts a site's noun before them. */
const BESIDE = new Set(["shared/world/events.ts", "shared/web/running-site.ts"]);
