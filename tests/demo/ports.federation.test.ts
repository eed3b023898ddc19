import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { freePorts } from "../../deploy/demo/ports.ts";

const MODULE = join(import.meta.dirname, "../../deploy/demo/ports.ts");
const PORTS = 300;

const OTHER_PROCESS = `
  const { freePorts } = await import(${JSON.stringify(MODULE)});
  console.log(JSON.stringify(await freePorts(${PORTS})));
`;

describe("ports that are kept for programs that start later", () => {
  it("are never given twice, not even to processes that pick at the same time", async () => {
    // Of 6000; without marks some fifteen would be the same.
    const elsewhere = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", OTHER_PROCESS]);
    const [here, { stdout }] = await Promise.all([freePorts(PORTS), elsewhere]);
    const there = JSON.parse(stdout) as number[];
    const later = await freePorts(PORTS);
    expect(there).toHaveLength(PORTS);
    expect(new Set(here).size).toBe(PORTS);
    expect(new Set([...here, ...later]).size).toBe(2 * PORTS);
    expect(here.filter((port) => there.includes(port))).toEqual([]);
  });

  it("can be listened at by whoever they are for", async () => {
    const [port = 0] = await freePorts(1);
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    expect(port).toBeLessThan(16_000);
  });
});
