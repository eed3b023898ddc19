/** `causeway registrar`: the program itself, and the key that the board gives it next. */
import { Command } from "commander";
import { toHex } from "../../shared/core/bytes.ts";
import { attempt } from "../../shared/terminal/output.ts";
import { prepareFreshnessKey } from "./keys.ts";

/** `run` starts the program; how a program is started is the caller's to know. */
export function registrarCommand(run: (dir: string) => Promise<void>): Command {
  const registrar = new Command("registrar").description(
    "the board's program that stays on-line: freshness, certificates, NATS accounts",
  );
  registrar
    .command("run", { isDefault: true })
    .description("run it until Ctrl-C")
    .requiredOption("--dir <directory>", "the registrar's directory: keys, certificate, registrar.json")
    .action(({ dir }: { readonly dir: string }) => run(dir));
  registrar
    .command("next-freshness-key")
    .description("make the next freshness key; it is used once the board has signed it")
    .requiredOption("--dir <directory>", "the registrar's directory")
    .option("--json", "print JSON, one object a line")
    .action(({ dir, json }: { readonly dir: string; readonly json?: boolean }) =>
      attempt(json === true, async (output) => {
        const publicKey = toHex(prepareFreshnessKey(dir));
        output.json({ publicKey });
        output.say("Made. For the board's rotate-key directive, by telephone or in person:");
        output.say(`  ${publicKey}`);
      }),
    );
  return registrar;
}
