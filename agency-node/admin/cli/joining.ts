/** `causeway admin enrol`, `next-key`: what they take. For administrators who join, and for parties that get another key. */
import { Command, Option } from "commander";
import { requireTls13 } from "../../../shared/platform/tls.ts";
import { perform, withExamples, withJson } from "../../../shared/terminal/command.ts";
import type { Json } from "../../../shared/terminal/command.ts";
import type { EnrolFlags, NextKeyFlags } from "../commands/joining.ts";

const acts = () => import("../commands/joining.ts");

export function enrolCommand(): Command {
  const command = withJson(new Command("enrol"))
    .description("join a running federation as an administrator or evaluator: hand in the keys, wait, collect")
    .argument("<directory>", "where the party's keys are, or will be")
    .option("--invitation <code>", "what an administrator sent: cwi1-…")
    .option("--collect", "go on waiting after an earlier call")
    .option("--no-wait", "hand in only; --collect later")
    .addOption(
      new Option("--kind <kind>", "what the party is").choices(["administrator", "evaluator"]).default("administrator"),
    )
    .option("--name <name>", "its name, where there are no keys yet")
    .action((dir: string, flags: Json & EnrolFlags) =>
      perform(flags, async (output) => {
        requireTls13();
        await (await acts()).enrol(dir, flags, output);
      }),
    );
  return withExamples(
    command,
    'causeway admin enrol board/4 --invitation cwi1-CODE --name "Prosecutor D"',
    "causeway admin enrol board/4 --collect",
  );
}

export function nextKeyCommand(): Command {
  const command = withJson(new Command("next-key"))
    .description("make another signing key for a broker or an evaluator; it is used once the board has named it")
    .argument("<directory>", "the party's directory")
    .option("--invitation <code>", "of an evaluator: hand the key in, wait for the board, and collect a certificate")
    .action((dir: string, flags: Json & NextKeyFlags) =>
      perform(flags, async (output) => {
        requireTls13();
        await (await acts()).nextKey(dir, flags, output);
      }),
    );
  return withExamples(
    command,
    "causeway admin next-key broker",
    "causeway admin next-key key-office --invitation cwi1-CODE",
  );
}
