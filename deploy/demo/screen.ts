/** A small live picture on a terminal; plain lines where there is none. */
import type { WriteStream } from "node:tty";
import { memberLines, matchTable, sideText } from "./report.ts";
import { jointState, sharedMatches } from "./state.ts";
import type { DemoState } from "./state.ts";
import { say, wordFor } from "../../shared/words/say.ts";

const REDRAW_MS = 200;
/** Plain output says how far things are no more often than this. */
const PLAIN_MS = 5_000;
const MATCH_LINES_MAX = 12;

export type Screen = {
  /** A line that stays. */
  say(line: string): void;
  /** Shows how things are; draws only so often. */
  show(state: DemoState): void;
  /** Ends the picture, leaving its last form. */
  end(state: DemoState): void;
};

export function createScreen(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? new LiveScreen(stream) : new PlainScreen(stream);
}

class PlainScreen implements Screen {
  readonly #stream: NodeJS.WritableStream;
  readonly #told = new Set<string>();
  #shownMs = Date.now();
  #last = "";

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  show(state: DemoState): void {
    this.#tellMatches(state);
    if (Date.now() - this.#shownMs < PLAIN_MS) return;
    this.#tellMembers(state);
  }

  end(state: DemoState): void {
    this.#tellMatches(state);
    this.#tellMembers(state);
  }

  /** A match once both sides have proven it. */
  #tellMatches(state: DemoState): void {
    for (const shared of sharedMatches(state)) {
      if (jointState(shared) !== "proven" || this.#told.has(shared.id)) continue;
      this.#told.add(shared.id);
      const [a, b] = shared.sides;
      const { grade, kind } = a.match;
      const words = { grade: wordFor("grade", grade), relation: wordFor("relation", kind) };
      this.say(say("demo.overlap", { first: sideText(a), second: sideText(b), ...words }));
    }
  }

  #tellMembers(state: DemoState): void {
    this.#shownMs = Date.now();
    const text = memberLines(state).join("\n");
    if (text !== this.#last) this.say(text);
    this.#last = text;
  }
}

class LiveScreen implements Screen {
  readonly #stream: WriteStream;
  #drawn = 0;
  #drawnMs = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  say(line: string): void {
    this.#erase();
    this.#stream.write(`${line}\n`);
  }

  show(state: DemoState): void {
    if (Date.now() - this.#drawnMs < REDRAW_MS) return;
    this.#draw(state);
  }

  end(state: DemoState): void {
    this.#draw(state);
    this.#drawn = 0;
  }

  #draw(state: DemoState): void {
    this.#drawnMs = Date.now();
    const matches = matchTable(state);
    const shown = matches.slice(0, MATCH_LINES_MAX);
    const rest =
      matches.length > shown.length ? [`  ${say("demo.overlapsInAll", { count: sharedMatches(state).length })}`] : [];
    const lines = ["", ...memberLines(state), "", ...shown, ...rest].map((line) =>
      line.slice(0, this.#stream.columns - 1),
    );
    this.#erase();
    this.#stream.write(`${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) {
      this.#stream.moveCursor(0, -this.#drawn);
      this.#stream.cursorTo(0);
      this.#stream.clearScreenDown();
    }
    this.#drawn = 0;
  }
}
