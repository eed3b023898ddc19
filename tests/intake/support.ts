/** Every person, number and case in these tests is invented. */
import { type IntakeEvent, type IntakeOptions, type Summary, intake } from "../../agency-node/intake/intake.ts";

export const TODAY = "2026-11-22";

export const OPTIONS: IntakeOptions = {
  format: "auto",
  defaults: {
    kind: "person",
    role: "suspect",
    legalBasis: "Invented Act, section 1",
    caseReference: "CASE-1",
    handling: "open",
    reviewBy: "2027-06-30",
  },
  today: TODAY,
  retentionDaysMax: 730,
  domains: ["target", "protected"],
};

export async function* chunked(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export type Outcome = {
  readonly events: readonly IntakeEvent[];
  readonly records: readonly Extract<IntakeEvent, { kind: "record" }>[];
  /** `line CODE field` of every problem. */
  readonly problems: readonly string[];
  readonly mapping: Extract<IntakeEvent, { kind: "mapping" }>["mapping"] | undefined;
  readonly summary: Summary;
};

export async function run(file: string | Uint8Array, options: Partial<IntakeOptions> = {}): Promise<Outcome> {
  const bytes = typeof file === "string" ? bytesOf(file) : file;
  const events: IntakeEvent[] = [];
  for await (const event of intake(chunked(bytes, 7_919), { ...OPTIONS, ...options })) events.push(event);
  const summary = events.at(-1);
  if (summary?.kind !== "summary") throw new Error("the last event is no summary");
  return {
    events,
    records: events.filter((event) => event.kind === "record"),
    problems: events.flatMap((event) =>
      event.kind === "problem" ? [`${event.problem.line} ${event.problem.code} ${event.problem.field}`.trim()] : [],
    ),
    mapping: events.find((event) => event.kind === "mapping")?.mapping,
    summary,
  };
}

export function entity(id: string, properties: Record<string, unknown>, schema = "Person"): string {
  return JSON.stringify({ id, schema, properties });
}
