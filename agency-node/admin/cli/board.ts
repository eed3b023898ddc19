/** `causeway admin board-change`, `policy`, `never-correlate`, `release-shares`: what they take. */
import { Command, Option } from "commander";
import { DOMAINS } from "../../../shared/core/domain.ts";
import { withExamples } from "../../../shared/terminal/command.ts";
import type { BoardFlags, ListFlags, PolicyFlags, ReleaseFlags } from "../commands/board.ts";
import { atSeat, withDesk } from "./seat.ts";

const acts = () => import("../commands/board.ts");

export function boardCommands(): Command[] {
  return [boardChangeCommand(), policyCommand(), neverCorrelateCommand(), releaseSharesCommand()];
}

function boardChangeCommand(): Command {
  const repeated = (flags: string, description: string): Option =>
    new Option(flags, description)
      .argParser<readonly string[]>((value, earlier) => [...earlier, value])
      .default([], "none");
  const command = atSeat(new Command("board-change"))
    .description("propose another board; needs a quorum of the old one and a quorum of the new one")
    .addOption(
      repeated(
        "--add <file>",
        "enrolment of an administrator who joins (repeatable; default: those with these fingerprints at the broker)",
      ),
    )
    .addOption(repeated("--fingerprint <hex>", "as each of them read it out by telephone, in the same order"))
    .addOption(repeated("--remove <name>", "an administrator who leaves (repeatable)"))
    .option("--quorum <number>", "how many must sign from then on (default: as now)")
    .requiredOption("--reason <text>", "why; everybody in the federation reads it")
    .addHelpText(
      "after",
      "\nThose who join enrol with an invitation (causeway admin enrol), and sign where their keys are (causeway admin endorse).",
    )
    .action((dir: string, flags: BoardFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).changeBoard(desk, flags)),
    );
  return withExamples(
    command,
    'causeway admin board-change board/1 --fingerprint "3f2a 91bc …" --reason "a fourth seat"',
    'causeway admin board-change board/1 --remove "Inspector B" --add enrolment.json --fingerprint "3f2a 91bc …" --reason "Inspector B retires"',
  );
}

function policyCommand(): Command {
  const command = atSeat(new Command("policy"))
    .description("propose another policy")
    .requiredOption(
      "--file <file>",
      "JSON: canaryBeatMinutes, canaryWithinMinutes, budgetAlarmPercent, overdueStatementsMax, allowances {slug: tokens a day}; what is left out stays",
    )
    .requiredOption("--reason <text>", "why; everybody in the federation reads it")
    .action((dir: string, flags: PolicyFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).changePolicy(desk, flags)),
    );
  return withExamples(command, 'causeway admin policy board/1 --file policy.json --reason "a larger unit joins"');
}

function neverCorrelateCommand(): Command {
  const command = atSeat(new Command("never-correlate"))
    .description("propose tokens that open no match in an epoch: values that mean nobody")
    .argument("<epoch>", "the epoch they are of")
    .argument("<domain>", DOMAINS.join(", "))
    .requiredOption("--tokens <file>", "the tokens, 32 hexadecimal digits a line, as a member's node gives them")
    .requiredOption("--reason <text>", "why; everybody in the federation reads it")
    .action((dir: string, epoch: string, domain: string, flags: ListFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).neverCorrelate(desk, epoch, domain, flags)),
    );
  return withExamples(
    command,
    'causeway admin never-correlate board/1 2 target --tokens tokens.txt --reason "number of a taxi office"',
  );
}

function releaseSharesCommand(): Command {
  const command = atSeat(new Command("release-shares"))
    .description("list who asks for salts and for what; with an id, release your shares to that administrator")
    .argument("[id]", "of the request")
    .option("--yes", "do not ask again")
    .action((dir: string, id: string | undefined, flags: ReleaseFlags) =>
      withDesk(dir, flags, async (desk) => {
        const { listRequests, release } = await acts();
        await (id === undefined ? listRequests(desk) : release(desk, id, flags));
      }),
    );
  return withExamples(
    command,
    "causeway admin release-shares board/2",
    "causeway admin release-shares board/2 5d0c11fe --yes",
  );
}
