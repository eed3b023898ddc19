/**
 * `node tests/eval/main.ts exposure FILE [--json]`: what the broker can see inside one member's publication (`exposure.ts`);
 * `node tests/eval/main.ts --set DIR …`: how well matching works (`run.ts`, a program of its own).
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runExposure } from "./exposure.ts";

const [command, ...rest] = process.argv.slice(2);
if (command === "exposure") await runExposure(rest);
else {
  const script = fileURLToPath(new URL("./run.ts", import.meta.url));
  const { status } = spawnSync(process.execPath, [...process.execArgv, script, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
