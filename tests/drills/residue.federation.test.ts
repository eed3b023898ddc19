/** A search that finds nothing must be known to find something. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { randomBytes } from "../../shared/world/random.ts";
import { residueOf } from "./residue.ts";

/** Holds what it is sent, in memory and nowhere else, and says so. */
const HOLDER = `
  let held = [];
  process.stdin.on("data", (data) => { held.push(data); process.stdout.write("held\\n"); });
`;

async function holding(...what: readonly Uint8Array[]) {
  const child = spawn(process.execPath, ["-e", HOLDER], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(Buffer.concat(what));
  await once(child.stdout, "data");
  return child;
}

describe("the search for residue", () => {
  it("finds a token in the memory of another process, as bytes and as text, and no token that is not there", async () => {
    const [asBytes, asText, absent] = [randomBytes(16), randomBytes(16), randomBytes(16)];
    const child = await holding(randomBytes(12_345), asBytes, Buffer.from(Buffer.from(asText).toString("hex")));
    try {
      expect(await residueOf([asBytes, asText, absent], { pid: child.pid!, dirs: [] })).toBe(2);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("finds a token in a file, wherever in it", async () => {
    const child = await holding(randomBytes(8));
    const dir = mkdtempSync(join(tmpdir(), "causeway-residue-"));
    try {
      const tokens = [randomBytes(16), randomBytes(16)];
      writeFileSync(join(dir, "first"), Buffer.concat([tokens[0]!, randomBytes(100)]));
      writeFileSync(join(dir, "last"), Buffer.concat([randomBytes(40_000_003), tokens[1]!]));
      expect(await residueOf([...tokens, randomBytes(16)], { pid: child.pid!, dirs: [dir] })).toBe(2);
    } finally {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true });
    }
  });
});
