/** `causeway admin epoch …`: a rotation of the salts, step by step; what each takes. */
import { Command } from "commander";
import { DOMAINS } from "../../../shared/core/domain.ts";
import { withExamples } from "../../../shared/terminal/command.ts";
import type { AbortFlags, CutFlags, OpenFlags, PledgeFlags, PrepareFlags, RetireFlags } from "../commands/epoch.ts";
import type { Common, Desk } from "../desk.ts";
import { atSeat, withDesk } from "./seat.ts";

type Acts = typeof import("../commands/epoch.ts");
type Act<Flags> = (acts: Acts, desk: Desk, epoch: string | undefined, flags: Flags) => Promise<void>;

const ORDER = `
A rotation, in this order (DIR is your own directory):
  epoch rehearse DIR          what it would carry over, how long it takes, who would hold it up
  epoch prepare DIR           members, broker and evaluators make their keys for it
  epoch pledge DIR            every contributor, a quorum at least
  epoch reveal DIR            every contributor, once all have pledged
  epoch open DIR              one contributor proposes; the others: approve
  epoch status DIR            until every member is ready
  epoch activate DIR          propose the cut-over; the others: approve
  epoch retire DIR            once nobody is behind: tokens, keys and salts of the old one are destroyed
A salt has leaked: epoch retire --leaked. A member was removed for cause: --new-generation with prepare and open.`;

export function epochCommand(): Command {
  const group = new Command("epoch").description("rotate the salts: prepare, open, activate and retire an epoch");
  group.addHelpText("after", ORDER);
  for (const command of [...preparing(), ...deciding()]) group.addCommand(command);
  return group;
}

function preparing(): Command[] {
  return [
    act<Common>("rehearse", "say what a rotation would carry over and lose, and how long it would take", (acts, desk) =>
      acts.rehearsal(desk),
    ),
    act<PrepareFlags>(
      "prepare",
      "announce the next epoch, so that others make their keys; show who has",
      (acts, ...given) => acts.prepare(...given),
    ).option("--new-generation", "evaluators make new keys too: after a removal for cause, a compromise, or a year"),
    act<PledgeFlags>(
      "pledge",
      "draw your contributions to the salts, and leave commitments to them",
      (acts, ...given) => acts.pledgeFor(...given),
    )
      .option("--again", "draw new ones, if the others do too")
      .option("--domain <domains...>", `also domains that no member has yet: ${DOMAINS.join(", ")}`),
    act<Common>(
      "reveal",
      "seal your contributions to all who have pledged; nobody can join from then on",
      (acts, desk, epoch) => acts.revealFor(desk, epoch),
    ),
    act<OpenFlags>("open", "combine the contributions, and propose to open the epoch", (acts, ...given) =>
      acts.open(...given),
    )
      .option("--new-generation", "with the evaluators' new keys")
      .option("--days <days>", "until it should be retired", "365")
      .option("--scheme <name>", "its linkage scheme (default: that of the epoch before)"),
    act<Common>(
      "status",
      "show how far every member has come, and what closing an epoch at once would lose",
      (acts, desk, epoch) => acts.status(desk, epoch),
    ),
  ];
}

function deciding(): Command[] {
  const cut = (command: Command): Command =>
    command
      .option("--force", "go on without those who are not ready, and name them in the directive")
      .option("--without <slugs>", "go on without these, and no others (comma-separated)");
  return [
    cut(
      act<CutFlags>("activate", "propose that the epoch counts from now on", (acts, ...given) =>
        acts.activate(...given),
      ),
    ),
    act<AbortFlags>(
      "abort",
      "propose to take an opening back",
      (acts, ...given) => acts.abort(...given),
      '--reason "a contributor\'s machine is suspect"',
    ).requiredOption("--reason <text>", "why"),
    cut(
      act<RetireFlags>(
        "retire",
        "propose to end an epoch, and to destroy what belongs to it",
        (acts, ...given) => acts.retire(...given),
        '--reason "the yearly rotation"',
      ),
    )
      .option("--leaked", "its salt has leaked: close it at once")
      .requiredOption("--reason <text>", "why"),
  ];
}

/** `options`: what the example needs besides the directory. */
function act<Flags extends Common>(name: string, description: string, run: Act<Flags>, options = ""): Command {
  const command = atSeat(new Command(name))
    .description(description)
    .argument("[epoch]", "its number (default: the one that it can only be)")
    .action((dir: string, epoch: string | undefined, flags: Flags) =>
      withDesk(dir, flags, async (desk) => await run(await import("../commands/epoch.ts"), desk, epoch, flags)),
    );
  return withExamples(command, `causeway admin epoch ${name} board/1 ${options}`.trimEnd());
}
