// Starting other programs: quietly during set-up, and at the end with the terminal handed over.
import { spawn } from "node:child_process";
import { constants } from "node:os";

const MAX_KEPT_OUTPUT = 64 * 1024;
const running = new Set();

/**
 * Runs a program to its end and returns `{ code, stdout, stderr }`, the last 64 KiB of each. Never rejects: a program
 * that cannot be started has code 127, one that outlives `timeoutMs` or is stopped has 124.
 */
export function capture(command, args, { timeoutMs = 600_000, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    const kept = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        kept[name] = (kept[name] + text).slice(-MAX_KEPT_OUTPUT);
      });
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const finish = (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, ...kept });
    };
    child.on("error", () => finish(127));
    child.on("close", (code) => finish(code ?? 124));
  });
}

/** Stops what `capture` has started: used when set-up itself is interrupted. */
export function stopCaptured() {
  for (const child of running) child.kill("SIGTERM");
}

/** A signal to the whole process group reaches us twice, from its sender and from npm: within this time it is one. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Hands the terminal to a program until it ends, and returns its exit code (128 + n after signal n, as shells do).
 * Signals are passed on. A terminal sends Ctrl-C to the whole foreground group, so then the program has it already and
 * a second copy would look like the user insisting.
 */
export function handOver(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: "inherit" });
    const passedAt = new Map();
    const pass = (signal) => {
      const again = performance.now() - (passedAt.get(signal) ?? -Infinity) < SAME_SIGNAL_MS;
      passedAt.set(signal, performance.now());
      if (!again && (signal !== "SIGINT" || !process.stdin.isTTY)) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, pass);
    const release = () => signals.forEach((signal) => process.off(signal, pass));
    child.on("error", (error) => {
      release();
      reject(error);
    });
    child.on("exit", (code, signal) => {
      release();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
