/** Wrong codes without end, from the address that everybody has behind a proxy. */
import { setTimeout as sleep } from "node:timers/promises";
import { SOON } from "../support/patience.ts";
import { KEEPER } from "./orchard.ts";
import type { TestOrchard } from "./orchard.ts";

const FLOODERS = 40;
/** Wrong codes tried before somebody comes with the right one. */
const TRIES = 120;

/** Milliseconds until the right code lets in while wrong ones are tried. Throws if it never does. */
export async function signInAmidFlood(tested: TestOrchard): Promise<number> {
  const { code } = tested.running.issueCode(KEEPER);
  const over = new AbortController();
  let tries = 0;
  const flood = Array.from({ length: FLOODERS }, async () => {
    while (!over.signal.aborted) {
      await Promise.allSettled([tested.visitor().post("/sign-in", { code: "0000-0000-0000" })]);
      await Promise.allSettled([tested.visitor().postJson("/sign-in/passkey/options", {})]);
      tries += 1;
    }
  });
  try {
    await until(() => tries > TRIES);
    const began = performance.now();
    // A connection may give way to one of theirs before it has said anything.
    await until(async () => (await tested.signInWith(code).catch(() => undefined))?.status === 303);
    return performance.now() - began;
  } finally {
    over.abort();
    await Promise.all(flood);
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + SOON.timeout; !(await isSo()); await sleep(SOON.interval)) {
    if (Date.now() > deadline) throw new Error("the flood keeps everybody out");
  }
}
