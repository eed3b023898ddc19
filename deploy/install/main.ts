/** `npm run install-command` and `npm run uninstall-command`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CausewayError } from "../../shared/core/errors.ts";
import { runMain } from "../../shared/platform/lifecycle.ts";
import { installLink, uninstallLink, userBin } from "./link.ts";

const LAUNCHER = resolve(import.meta.dirname, "..", "causeway");

await runMain(async () => {
  const { values, positionals } = parsed();
  // npm changes to the checkout, and says in INIT_CWD where the user stood.
  const bin = resolve(process.env["INIT_CWD"] ?? ".", values.bin ?? userBin(process.env));
  const said = positionals.includes("uninstall") ? uninstallLink(bin) : installLink(LAUNCHER, bin, process.env);
  process.stdout.write(`${said.join("\n")}\n`);
});

function parsed() {
  try {
    return parseArgs({ options: { bin: { type: "string" } }, allowPositionals: true });
  } catch (cause) {
    throw new CausewayError("INVALID", "it takes --bin FOLDER and nothing else", { cause });
  }
}
