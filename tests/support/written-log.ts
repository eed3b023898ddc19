/** What programs write to their logs, as written: after the real logger's redaction, not before it. */
import { createLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";

type Line = { readonly program: string; readonly event: string } & Readonly<Record<string, unknown>>;

export class WrittenLog {
  readonly #lines: string[] = [];

  /** The log of one program. */
  for(program: string): Log {
    return createLog(program, { write: (line) => this.#lines.push(line) });
  }

  /** One JSON object a line. */
  get text(): string {
    return this.#lines.join("");
  }

  /** What was logged under an event's name, or all. */
  lines(event?: string): Line[] {
    const lines = this.#lines.map((line) => JSON.parse(line) as Line);
    return event === undefined ? lines : lines.filter((line) => line.event === event);
  }
}
