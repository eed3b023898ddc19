import { describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { explain } from "../../shared/platform/lifecycle.ts";
import { createLog } from "../../shared/world/log.ts";
import { describe as describeError } from "../../shared/world/describe.ts";

/** Stands for an identifier or a key that must never be written. */
const PLANTED = "Haddadi 0900123";
const PLANTED_KEY = "c2VjcmV0LXBsYW50ZWQta2V5LW1hdGVyaWFs";

/** Everything that `act` writes. */
function written(act: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  act(createLog("test", { write: (line) => void lines.push(line) }));
  return lines.join("");
}

class PlantedError extends Error {
  override readonly name = "PlantedError";
  readonly code = "ERR_INVENTED";
}

describe("the log", () => {
  it("writes one JSON object a line, with program, event and fields", () => {
    const line = written((log) => log.with({ member: "ct" }).info("import.done", { rows: 3, dryRun: false }));
    expect(JSON.parse(line)).toMatchObject({
      program: "test",
      event: "import.done",
      member: "ct",
      rows: 3,
      dryRun: false,
    });
    expect(line.endsWith("\n")).toBe(true);
  });

  it("never repeats the message or cause of a foreign error, which may quote what a user sent", () => {
    const cause = new RangeError(`bad value ${PLANTED}`);
    const text = written((log) => {
      log.error("failed", new PlantedError(`cannot parse ${PLANTED}`, { cause }));
      log.error("failed", new AggregateError([cause], PLANTED));
      log.error("failed", PLANTED);
      log.error("failed", { message: PLANTED });
    });
    expect(text).not.toContain(PLANTED);
    expect(text).toContain("PlantedError");
    expect(text).toContain("ERR_INVENTED");
  });

  it("does not write a multi-line message's lines as if they were places in the program", () => {
    const error = new Error(`first\n    at ${PLANTED} (file:///x.ts:1:1)`);
    expect(written((log) => log.error("failed", error))).not.toContain(PLANTED);
  });

  it("does not write a foreign error's name or code that is more than a word", () => {
    const error = Object.assign(new Error("x"), { code: `E ${PLANTED}` });
    error.name = `Name ${PLANTED}`;
    expect(written((log) => log.error("failed", error))).not.toContain(PLANTED);
  });

  it("writes our own errors by code, message and paths, and never their cause", () => {
    const error = new CausewayError("INVALID", "bad fields", {
      fields: ["subject.phones[0]"],
      cause: new Error(PLANTED),
    });
    const text = written((log) => log.error("failed", error));
    expect(JSON.parse(text)).toMatchObject({ error: "INVALID", message: "bad fields", fields: "subject.phones[0]" });
    expect(text).not.toContain(PLANTED);
  });

  it("cuts what looks like key material, a token or a whole id, in any field", () => {
    const text = written((log) => {
      log.info("e", { key: PLANTED_KEY, member: "0d".repeat(16) });
      log.with({ standing: PLANTED_KEY }).warn("e", { text: `before ${PLANTED_KEY} after` });
    });
    expect(text).not.toContain(PLANTED_KEY);
    expect(text).not.toContain("0d".repeat(16));
    expect(text).toContain("0d0d0d0d…");
  });

  it("leaves out fields without a value", () => {
    expect(JSON.parse(written((log) => log.info("e", { absent: undefined })))).not.toHaveProperty("absent");
  });
});

describe("what a person at a terminal is told", () => {
  it("is our message, with every bad field and the code", () => {
    const error = new CausewayError("INVALID", "node.json is wrong", { fields: ["listen", "natsUrl"] });
    expect(explain(error)).toBe("node.json is wrong (listen, natsUrl) [INVALID]");
    expect(explain(new CausewayError("ENVIRONMENT", "no such file"))).toBe("no such file [ENVIRONMENT]");
  });

  it("of a fault is its class and place, never its text", () => {
    const text = explain(new PlantedError(PLANTED));
    expect(text).toMatch(/^internal fault: PlantedError ERR_INVENTED/);
    expect(text).not.toContain(PLANTED);
    expect(explain(PLANTED)).toBe("internal fault: string");
  });

  it("names a place inside the program without the machine's folders", () => {
    const { place } = describeError(new Error("x"));
    expect(place).toContain("log.test.ts");
    expect(place).not.toContain(import.meta.dirname);
  });
});
