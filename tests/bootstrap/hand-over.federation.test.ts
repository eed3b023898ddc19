import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { taskEnvironment, TASKS } from "../../deploy/bootstrap/main.mjs";
import { capture, handOver } from "../../deploy/bootstrap/processes.mjs";

const ROOT = join(import.meta.dirname, "..", "..");
const run = (script: string): Promise<number> => handOver(process.execPath, ["-e", script], {});

describe("handing over to a task", () => {
  it("ends with the task's exit code", async () => {
    expect(await run("process.exitCode = 0")).toBe(0);
    expect(await run("process.exitCode = 7")).toBe(7);
  });

  it("reports death by a signal as shells do", async () => {
    expect(await run("process.kill(process.pid, 'SIGKILL')")).toBe(137);
  });

  it("passes a signal on and waits for the task to end cleanly", async () => {
    const child = `process.on("SIGTERM", () => { console.log("clean"); process.exitCode = 5; clearInterval(t); });
      const t = setInterval(() => {}, 1000); console.log("up");`;
    const parent = `const { handOver } = await import(${JSON.stringify(join(ROOT, "deploy/bootstrap/processes.mjs"))});
      process.exitCode = await handOver(process.execPath, ["-e", ${JSON.stringify(child)}], {});`;
    const started = spawn(process.execPath, ["--input-type=module", "-e", parent], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    started.stdout.setEncoding("utf8");
    started.stdout.on("data", (text: string) => {
      output += text;
      if (text.includes("up")) started.kill("SIGTERM");
    });
    const [code] = (await once(started, "close")) as [number];
    expect(output).toContain("clean");
    expect(code).toBe(5);
  });

  it("puts the project's own Node and nats-server first", () => {
    const environment = taskEnvironment("/checkout", "/bin/nats-server", { PATH: "/usr/bin", HOME: "/home/x" });
    expect(environment["PATH"]).toBe("/checkout/node_modules/.bin:/checkout/.causeway/bin:/usr/bin");
    expect(environment["CAUSEWAY_NATS_SERVER"]).toBe("/bin/nats-server");
    expect(environment["HOME"]).toBe("/home/x");
  });

  it("knows every task that package.json asks for, and refuses others", async () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const asked = Object.values(scripts).flatMap((script) => /deploy\/bootstrap\.mjs (\w+)$/.exec(script)?.[1] ?? []);
    expect(asked.toSorted()).toEqual(Object.keys(TASKS).toSorted());
    const refused = await capture(process.execPath, [join(ROOT, "deploy/bootstrap.mjs"), "toString"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("usage:");
  });
});

describe("running a program quietly", () => {
  it("does not throw for a program that is missing", async () => {
    expect((await capture("causeway-no-such-program", [])).code).toBe(127);
  });

  it("stops one that outlives its time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "causeway-slow-"));
    const slow = await capture(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
      cwd: folder,
      timeoutMs: 100,
    });
    expect(slow.code).toBe(124);
    rmSync(folder, { recursive: true });
  });
});
