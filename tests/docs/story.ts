/** Runs the code of a story of the protocol (`docs/stories/`), and takes what it prints. */
import { stripTypeScriptTypes } from "node:module";
import { expect } from "vitest";
import { foundInMemory } from "../sim/federation.ts";
import type { MemoryFederation } from "../sim/federation.ts";
import type { Message } from "../sim/recorder.ts";

export type Block = { readonly language: string; readonly text: string };

/** Fenced blocks, in order. */
export function blocksOf(markdown: string): Block[] {
  const fences = markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, language = "", text = ""]) => ({ language, text }));
}

/**
 * Runs the `ts` blocks as one module, in order. Answers with what each printed. In a story are at hand: `foundInMemory`, `expect`, `print`, and
 * `wire(federation)`, which prints what crossed the wire since it was last asked.
 */
export async function tell(blocks: readonly Block[]): Promise<string[]> {
  const code = blocks.filter(({ language }) => language === "ts").map(({ text }, i) => `begin(${i});\n${text}`);
  const printed: string[][] = code.map(() => []);
  let now: string[] = [];
  const print = (value: unknown): void => void now.push(textOf(value));
  const heard = new WeakMap<MemoryFederation, number>();
  const wire = (federation: MemoryFederation): void => {
    for (const line of linesOf(federation.messages.slice(heard.get(federation) ?? 0))) print(line);
    heard.set(federation, federation.messages.length);
  };
  const AsyncFunction = tell.constructor as new (...text: string[]) => (...given: unknown[]) => Promise<void>;
  const body = stripTypeScriptTypes(`async () => {\n${code.join("\n")}\n}`).replace(/^async \(\) => \{|\}$/g, "");
  const story = new AsyncFunction("begin", "foundInMemory", "expect", "print", "wire", body);
  await story((i: number) => (now = printed[i] ?? []), foundInMemory, expect, print, wire);
  return printed.map((lines) => lines.map((line) => `${line}\n`).join(""));
}

function textOf(value: unknown): string {
  return typeof value === "string"
    ? value
    : JSON.stringify(value)
        .replaceAll(/"(\w+)":/g, " $1: ")
        .replaceAll("}", " }");
}

/** One line for each kind of message between two parties, in the order in which they were first said. */
function linesOf(messages: readonly Message[]): string[] {
  const kinds = new Map<string, { readonly first: Message; readonly sizes: number[] }>();
  for (const message of messages) {
    const { from, to, kind, lost, bytes } = message;
    const key = [from, to, kind, lost].join();
    const known = kinds.get(key) ?? { first: message, sizes: [] };
    known.sizes.push(bytes.length);
    kinds.set(key, known);
  }
  return [...kinds.values()].map(({ first: { from, to, kind, lost }, sizes }) => {
    const way = `${from} → ${to}`.padEnd(22);
    return `${way} ${kind.padEnd(24)} ${sizesOf(sizes)}${lost ? ", lost" : ""}`;
  });
}

function sizesOf(sizes: readonly number[]): string {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)].map((size) => size.toLocaleString("en"));
  return `${sizes.length} × ${least === most ? least : `${least} to ${most}`} bytes`;
}
