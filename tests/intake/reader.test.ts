import { describe, expect, it } from "vitest";
import { LINE_BYTES_MAX, type Line, readLines } from "../../agency-node/intake/reader.ts";
import { bytesOf, chunked } from "./support.ts";

async function linesOf(bytes: AsyncIterable<Uint8Array>): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const group of readLines(bytes)) lines.push(...group);
  return lines;
}

const texts = (lines: readonly Line[]) => lines.map(({ text }) => text);

async function* gigabyte(): AsyncGenerator<Uint8Array> {
  yield bytesOf("before\n");
  const block = new Uint8Array(1024 * 1024).fill(0x61);
  for (let i = 0; i < 1024; i += 1) yield block;
  yield bytesOf("\nafter\n");
}

async function* reused(): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(4);
  for (const part of ["abcd", "ef\ng", "hij\n"]) {
    buffer.set(bytesOf(part));
    yield buffer;
  }
}

describe("reading lines", () => {
  it("gives the same lines however the bytes are cut", async () => {
    const bytes = bytesOf("één\r\nдва\n\n三\rthree\nlast");
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines = await linesOf(chunked(bytes, size));
      expect(texts(lines)).toEqual(["één", "два", "", "三\rthree", "last"]);
      expect(lines.map(({ number, ended }) => [number, ended])).toEqual([
        [1, true],
        [2, true],
        [3, true],
        [4, true],
        [5, false],
      ]);
    }
  });

  it("drops a byte order mark, and only at the start", async () => {
    const bytes = bytesOf("\uFEFFone\n\uFEFFtwo\n");
    for (const size of [1, 2, 3, 100]) expect(texts(await linesOf(chunked(bytes, size)))).toEqual(["one", "\uFEFFtwo"]);
  });

  it("reads UTF-16 of either byte order where a mark says so", async () => {
    const little = Buffer.from("\uFEFFÅsa;Жук\r\n𝔘\n", "utf16le");
    const big = Buffer.from(little).swap16();
    for (const size of [1, 3, 100]) {
      expect(texts(await linesOf(chunked(little, size)))).toEqual(["Åsa;Жук", "𝔘"]);
      expect(texts(await linesOf(chunked(big, size)))).toEqual(["Åsa;Жук", "𝔘"]);
    }
  });

  it("names the lines that are not UTF-8 or hold zero bytes, and goes on", async () => {
    const latin1 = Buffer.from("good\nMüller\nga\0p\ngood too\n", "latin1");
    const lines = await linesOf(chunked(latin1));
    expect(lines.map(({ fault }) => fault)).toEqual([undefined, "NOT_UTF8", "NUL", undefined]);
  });

  it("takes a replacement character that the file spells properly for what it is", async () => {
    expect((await linesOf(chunked(bytesOf("lost \uFFFD\n"))))[0]?.fault).toBeUndefined();
  });

  it("takes a line of exactly the cap and refuses one byte more", async () => {
    const lines = await linesOf(
      chunked(bytesOf(`${"a".repeat(LINE_BYTES_MAX)}\n${"b".repeat(LINE_BYTES_MAX + 1)}\nc\n`)),
    );
    expect(lines.map(({ text, fault }) => [text.length, fault])).toEqual([
      [LINE_BYTES_MAX, undefined],
      [0, "LINE_LONG"],
      [1, undefined],
    ]);
  });

  it("lets a line of one gigabyte stream past without holding it", async () => {
    const before = process.memoryUsage();
    let peak = 0;
    const lines: Line[] = [];
    const source = gigabyte();
    async function* watched(): AsyncGenerator<Uint8Array> {
      for await (const block of source) {
        const now = process.memoryUsage();
        peak = Math.max(peak, now.heapUsed + now.arrayBuffers - before.heapUsed - before.arrayBuffers);
        yield block;
      }
    }
    for await (const group of readLines(watched())) lines.push(...group);
    expect(texts(lines)).toEqual(["before", "", "after"]);
    expect(lines[1]?.fault).toBe("LINE_LONG");
    expect(peak).toBeLessThan(200 * 1024 * 1024);
  });

  it("may be handed one buffer again and again", async () => {
    expect(texts(await linesOf(reused()))).toEqual(["abcdef", "ghij"]);
  });
});
