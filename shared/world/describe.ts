/** An error as fields of a log line. */
import { isCausewayError } from "../core/errors.ts";
import { MachineFault } from "../core/machine-fault.ts";

/** Class, code and place of an error; the message only of our own errors, which hold no foreign value. */
export function describe(cause: unknown): Readonly<Record<string, string | undefined>> {
  if (isCausewayError(cause)) {
    return { error: cause.code, message: cause.message, fields: cause.fields.join(" ") || undefined };
  }
  if (cause instanceof MachineFault) return { error: "ENVIRONMENT", message: cause.message };
  if (!(cause instanceof Error)) return { error: typeof cause };
  const code = "code" in cause ? wordOf(cause.code) : undefined;
  return { error: wordOf(cause.name) ?? "Error", errorCode: code, place: placeOf(cause) };
}

/** A name that a program chose; anything longer could be a quotation. */
function wordOf(text: unknown): string | undefined {
  return typeof text === "string" && /^\w{1,60}$/.test(text) ? text : undefined;
}

/** The first line of the stack, without the machine's folders. The message stands before it and may hold lines that look like one. */
function placeOf({ stack = "", message }: Error): string | undefined {
  const from = stack.indexOf(message);
  const lines = from < 0 ? [] : stack.slice(from + message.length).split("\n");
  const line = lines.find((each) => each.startsWith("    at "));
  return line?.trim().replace(/(?:file:\/\/)?\/\S*\/(?=[^/]+\/[^/]+$)/, "");
}
