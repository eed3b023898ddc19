/** What the commands print: sentences for people, or with --json one JSON object a line. Errors go to standard error. */
import { CertificateEnded } from "../core/certificate-ended.ts";
import { isCausewayError } from "../core/errors.ts";
import { explain } from "../platform/lifecycle.ts";
import { EXIT } from "./exit.ts";
import { printable } from "./printable.ts";

const NODE_AWAY = "Is the node running? Start it with: causeway node run";

export type Output = {
  /** A line for people. With --json it is not printed. */
  say(text: string): void;
  /** A line for programs. Without --json it is not printed. */
  json(value: unknown): void;
};

function createOutput(json: boolean): Output {
  return {
    say: (text) => json || write(text),
    json: (value) => json && write(JSON.stringify(value)),
  };
}

// Whoever reads us (`| head`) may stop reading; then there is nobody left to tell.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // oxlint-disable-next-line unicorn/no-process-exit -- streams of a node would keep the program alive
  process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failure);
});

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs a command. A failure is printed as one sentence (with --json as an object too) and sets the exit code. `away`: what to do when
 * the other side does not answer.
 */
export async function attempt(
  json: boolean,
  command: (output: Output) => Promise<void>,
  away = NODE_AWAY,
): Promise<void> {
  const output = createOutput(json);
  try {
    await command(output);
  } catch (error) {
    process.exitCode = isCausewayError(error, "INVALID") ? EXIT.usage : EXIT.failure;
    process.stderr.write(`${printable(explain(error))}\n`);
    if (!isCausewayError(error)) return;
    if (error.code === "UNAVAILABLE" && !(error instanceof CertificateEnded)) process.stderr.write(`${away}\n`);
    output.json({ error: { code: error.code, message: error.message, fields: error.fields } });
  }
}

/** Columns as wide as their widest cell, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = clean.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return clean.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
