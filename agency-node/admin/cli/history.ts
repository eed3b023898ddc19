/** `causeway admin show-chain`, `members`, `health`: what they take. */
import { Command } from "commander";
import { perform, withExamples, withJson } from "../../../shared/terminal/command.ts";
import type { Json } from "../../../shared/terminal/command.ts";
import type { Common } from "../desk.ts";
import { atSeat, withDesk } from "./seat.ts";

const acts = () => import("../commands/history.ts");

/** Works on the directory of any party, without the broker. */
export function historyCommand(): Command {
  type Flags = Json & { readonly file?: string; readonly fingerprint?: string };
  const command = withJson(new Command("show-chain"))
    .alias("history")
    .description("prove the chain of directives and list it, with who signed")
    .argument("[directory]", "a party's directory, with its chain and pinned fingerprint")
    .option("--file <file>", "a chain.bin instead")
    .option("--fingerprint <hex>", "the federation's fingerprint, for --file")
    .action((dir: string | undefined, { json, file, fingerprint }: Flags) =>
      perform({ json }, async (output) => {
        const { provenChain, showChain } = await acts();
        showChain(provenChain(dir, file, fingerprint), output);
      }),
    );
  return withExamples(
    command,
    "causeway admin show-chain board/1",
    "causeway admin show-chain --file chain.bin --fingerprint FINGERPRINT --json",
  );
}

export function membersCommand(): Command {
  const command = atSeat(new Command("members"))
    .description("list members, suspended and removed ones, with their terms")
    .action((dir: string, flags: Common) => withDesk(dir, flags, async (desk) => (await acts()).listMembers(desk)));
  return withExamples(command, "causeway admin members board/1");
}

export function healthCommand(): Command {
  const command = atSeat(new Command("health"))
    .description("show how each member's node is, by its own signed word")
    .action((dir: string, flags: Common) => withDesk(dir, flags, async (desk) => (await acts()).listHealth(desk)));
  return withExamples(command, "causeway admin health board/1");
}
