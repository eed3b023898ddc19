/** `causeway admin invite`, `enrolments`, `admit`, `member-change`, `suspend`, `reinstate`, `remove`, `rotate-key`: what they take. */
import { Command } from "commander";
import { withExamples } from "../../../shared/terminal/command.ts";
import type { AdmitFlags, ChangeFlags, InviteFlags, Reasoned, RotateFlags } from "../commands/membership.ts";
import type { Common } from "../desk.ts";
import { atSeat, withDesk } from "./seat.ts";

const acts = () => import("../commands/membership.ts");

export function membershipCommands(): Command[] {
  return [
    inviteCommand(),
    enrolmentsCommand(),
    admitCommand(),
    changeCommand(),
    ...standingCommands(),
    rotateKeyCommand(),
  ];
}

function inviteCommand(): Command {
  const command = atSeat(new Command("invite"))
    .description("make a one-time secret with which one unit can hand in its public keys")
    .requiredOption("--note <text>", "for whom, as the board will read it")
    .requiredOption("--address <host:port>", "of the broker's enrolment port, as the unit reaches it")
    .option("--hours <hours>", "how long it holds", "72")
    .action((dir: string, flags: InviteFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).invite(desk, flags)),
    );
  return withExamples(
    command,
    'causeway admin invite board/1 --note "Harbour Unit" --address broker.example:7445 --hours 24',
  );
}

function enrolmentsCommand(): Command {
  const command = atSeat(new Command("enrolments"))
    .description("list open invitations, and public keys that were handed in, with their fingerprints")
    .action((dir: string, flags: Common) => withDesk(dir, flags, async (desk) => (await acts()).listEnrolments(desk)));
  return withExamples(command, "causeway admin enrolments board/1");
}

function admitCommand(): Command {
  const command = withEnrolment(atSeat(new Command("admit")))
    .description("propose a new member; while epochs are open, others must first release their shares of the salts")
    .requiredOption(
      "--terms <file>",
      "JSON: slug, name, mandate, domains, contact, legalBasis, purposes, retentionDaysMax, budget",
    )
    .action((dir: string, flags: AdmitFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).admit(desk, flags)),
    );
  return withExamples(command, 'causeway admin admit board/1 --fingerprint "3f2a 91bc …" --terms terms.json');
}

function changeCommand(): Command {
  const command = ofMember(new Command("member-change"))
    .description("propose another name, contact, legal basis, purposes, domains or retention of a member")
    .requiredOption(
      "--terms <file>",
      "JSON: name, contact, domains, legalBasis, purposes, retentionDaysMax; what is left out stays",
    )
    .action((dir: string, slug: string, flags: ChangeFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).changeMember(desk, slug, flags)),
    );
  return withExamples(
    command,
    'causeway admin member-change board/1 harbour --terms terms.json --reason "new telephone number"',
  );
}

function standingCommands(): Command[] {
  return [suspendCommand(), reinstateCommand(), removeCommand()];
}

function suspendCommand(): Command {
  const command = ofMember(new Command("suspend"))
    .description("propose to cut a member off at once and hide its records")
    .action((dir: string, slug: string, flags: Reasoned) =>
      withDesk(dir, flags, async (desk) => (await acts()).suspend(desk, slug, flags)),
    );
  return withExamples(command, 'causeway admin suspend board/1 harbour --reason "Node stolen on 22 November"');
}

function reinstateCommand(): Command {
  const command = ofMember(new Command("reinstate"))
    .description(
      "propose to give a suspended member its place back; others must first release their shares of the salts",
    )
    .action((dir: string, slug: string, flags: Reasoned) =>
      withDesk(dir, flags, async (desk) => (await acts()).reinstate(desk, slug, flags)),
    );
  return withExamples(command, 'causeway admin reinstate board/1 harbour --reason "Node found, keys changed"');
}

function removeCommand(): Command {
  const command = ofMember(new Command("remove"))
    .description("propose to end a membership for good; a rotation of the salts becomes due")
    .option("--for-cause", "it is not trusted any more: evaluator keys must change too")
    .action((dir: string, slug: string, flags: Reasoned & { readonly forCause?: boolean }) =>
      withDesk(dir, flags, async (desk) => (await acts()).remove(desk, slug, flags)),
    );
  return withExamples(command, 'causeway admin remove board/1 harbour --reason "the unit was dissolved"');
}

function rotateKeyCommand(): Command {
  const command = atSeat(new Command("rotate-key"))
    .description(
      "propose new keys of a member (such as one whose node was lost), an evaluator, the broker or the registrar",
    )
    .argument("<party>", 'a member\'s slug, "evaluator:NAME", "broker" or "freshness"')
    .requiredOption("--reason <text>", "why; everybody in the federation reads it")
    .option("--fingerprint <hex>", "of the new enrolment, as the party reads it out by telephone")
    .option("--enrolment <file>", "the new enrolment (default: the one with that fingerprint at the broker)")
    .option("--key <hex>", "the registrar's new public key, for freshness")
    .action((dir: string, party: string, flags: RotateFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).rotateKey(desk, party, flags)),
    );
  return withExamples(
    command,
    'causeway admin rotate-key board/1 harbour --fingerprint "3f2a 91bc …" --reason "node lost"',
    'causeway admin rotate-key board/1 freshness --key HEX --reason "registrar lost" --unfresh',
  );
}

function ofMember(command: Command): Command {
  return atSeat(command)
    .argument("<member>", "its slug")
    .requiredOption("--reason <text>", "why; everybody in the federation reads it");
}

function withEnrolment(command: Command): Command {
  return command
    .requiredOption("--fingerprint <hex>", "of the unit's enrolment, as it reads it out by telephone")
    .option("--enrolment <file>", "the enrolment (default: the one with that fingerprint at the broker)");
}
