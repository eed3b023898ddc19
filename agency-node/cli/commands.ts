/** `causeway node …`: the commands of a unit, with what each takes. */
import { Command, Option } from "commander";
import { CausewayError } from "../../shared/core/errors.ts";
import { MULTIPLE_FIELDS, SINGLE_FIELDS } from "../intake/field-names.ts";
import { perform, withExamples, withJson } from "../../shared/terminal/command.ts";
import type { Json } from "../../shared/terminal/command.ts";
import type { EnrolFlags } from "./enrol-command.ts";
import type { ImportFlags } from "./import-command.ts";
import type { ExportFlags, LogFlags } from "./log-commands.ts";
import type { InitFlags, InstallFlags } from "./keys-commands.ts";
import type { WorkstationFlags } from "./workstation-commands.ts";
import type { Output } from "../../shared/terminal/output.ts";
import type { NodeClient } from "./rpc/node-client.ts";

type Common = Json & { readonly dir?: string };
type Look = Common & { readonly reason?: string };
type InboxFlags = Look & { readonly watch?: boolean; readonly all?: boolean };
type RevalidateFlags = Common & { readonly reviewBy: string; readonly reason: string };

const WHY_LOOK = "why you look; kept in the node's own log";
const VERBS = ["collection", "alteration", "consultation", "disclosure", "combination", "erasure"];

const unitCommands = () => import("./unit-commands.ts");
const workstationCommands = () => import("./workstation-commands.ts");

/** `run` starts the node's program; how a program is started is the caller's to know. */
export function nodeCommand(run: (dir: string) => Promise<void>): Command {
  const node = new Command("node")
    // Options belong to the command that they follow: `node log export` has some of the names of `node log`.
    .enablePositionalOptions()
    .description("a unit's own node: keys, records, overlaps");
  for (const command of [
    initCommand(),
    installCommand(),
    enrolCommand(),
    runCommand(run),
    importCommand(),
    recordsCommand(),
    withdrawCommand(),
    revalidateCommand(),
    inboxCommand(),
    statusCommand(),
    straysCommand(),
    logCommand(),
    workstationCommand(),
  ]) {
    node.addCommand(command);
  }
  return node;
}

function initCommand(): Command {
  const command = withCommon(new Command("init"))
    .description("make the unit's keys, and an enrolment for the board")
    .requiredOption("--name <name>", "the unit's full name")
    .requiredOption("--mandate <mandate>", 'what it works on, such as "human trafficking"')
    .option("--office <text>", "liaison office, shown to the other side of a proven match")
    .option("--phone <text>", "its telephone")
    .option("--email <text>", "its e-mail address")
    .option("--hours <text>", "when it can be reached")
    .action((flags: Common & InitFlags) =>
      perform(flags, async (output) => {
        const { initialise } = await import("./keys-commands.ts");
        await initialise(dirOf(flags), flags, output);
      }),
    );
  return withExamples(
    command,
    'causeway node init --dir north --name "War Crimes Unit North" --mandate war-crimes --office "liaison desk" --phone "+44 7700 900003"',
  );
}

function installCommand(): Command {
  const command = withCommon(new Command("install"))
    .description("take over the board's bundle")
    .argument("<bundle>", "the directory that the board handed over")
    .requiredOption("--fingerprint <hex>", "the federation's fingerprint, received by another way than the bundle")
    .option("--nats-url <url>", "the federation's NATS server, tls://host:port (needed the first time)")
    .action((bundle: string, flags: Common & InstallFlags) =>
      perform(flags, async (output) => {
        const { install } = await import("./keys-commands.ts");
        install(dirOf(flags), bundle, flags, output);
      }),
    );
  return withExamples(
    command,
    "causeway node install bundle/north --dir north --fingerprint FINGERPRINT --nats-url tls://nats.example:4222",
  );
}

function enrolCommand(): Command {
  const command = withCommon(new Command("enrol"))
    .description("join a running federation with an invitation, or give a lost node new keys")
    .option("--invitation <code>", "what the board sent: cwi1-…")
    .option("--collect", "go on waiting after an earlier call")
    .option("--no-wait", "hand in only; --collect later")
    .option("--name <name>", "the unit's full name, where there are no keys yet")
    .option("--mandate <mandate>", "what it works on, where there are no keys yet")
    .option("--office <text>", "liaison office, shown to the other side of a proven match")
    .option("--phone <text>", "its telephone")
    .option("--email <text>", "its e-mail address")
    .option("--hours <text>", "when it can be reached")
    .action((flags: Common & EnrolFlags) =>
      perform(flags, async (output) => {
        const [{ enrol }] = await Promise.all([import("./enrol-command.ts"), requireTls13()]);
        await enrol(dirOf(flags), flags, output);
      }),
    );
  return withExamples(
    command,
    'causeway node enrol --dir harbour --invitation cwi1-CODE --name "Harbour Unit" --mandate human-trafficking',
    "causeway node enrol --dir harbour --collect",
  );
}

function runCommand(run: (dir: string) => Promise<void>): Command {
  const command = withDir(new Command("run"))
    .description("run the node until Ctrl-C")
    .action((flags: Common) => perform({}, async () => await run(dirOf(flags))));
  return withExamples(command, "causeway node run --dir north");
}

function importCommand(): Command {
  const command = withUnitDir(new Command("import"))
    .description("import records from a CSV or FollowTheMoney file")
    .argument("<file>", 'the file; "-" reads standard input')
    .option("--dry-run", "say what would happen, store nothing")
    .option(
      "--urgent",
      "send the records at once, not with the next beat; it shows that they were entered at this moment",
    )
    .addOption(new Option("--format <format>", "form of the file").choices(["auto", "ftm", "csv"]).default("auto"))
    .addOption(
      new Option("--map <column=field>", "read a CSV column as this field (repeatable)")
        .argParser<readonly string[]>((value, earlier) => [...earlier, value])
        .default([], "as guessed from the headings"),
    )
    .option("--kind <kind>", "for rows that name none: person, organisation, vehicle, vessel, device, account, place")
    .option("--role <role>", "for rows that name none: suspect, associate, asset, victim, possibleVictim, witness")
    .option("--legal-basis <text>", "for rows that name none")
    .option("--case <reference>", "for rows that name none")
    .option("--handling <handling>", "for rows that name none: open, brokered")
    .option("--review-by <day>", "for rows that name none, YYYY-MM-DD")
    .addOption(new Option("--date-order <order>", "of dates such as 03/04/1980").choices(["dmy", "mdy"]))
    .option("--country <code>", "country of telephone numbers without a country code, such as GB")
    .addHelpText(
      "after",
      `\nFields for --map:\n  ${wrapped([...SINGLE_FIELDS, ...MULTIPLE_FIELDS, "ignore"])}\n\nExit code 3: some rows were refused.`,
    )
    .action((file: string, flags: Common & ImportFlags) =>
      withNode(flags, async (client, output) => {
        const { importFile } = await import("./import-command.ts");
        await importFile(client, file, flags, output);
      }),
    );
  return withExamples(
    command,
    "causeway node import cases.csv --dry-run",
    'causeway node import cases.csv --map "Alter Wert=documentNumber" --role suspect --legal-basis "Police Act" --case C-17 --handling open --review-by 2027-06-30',
    "causeway node import - --format ftm < export.ftm.jsonl",
  );
}

function recordsCommand(): Command {
  const command = withUnitDir(new Command("records"))
    .description("list the unit's records and what became of each")
    .option("--reason <text>", WHY_LOOK)
    .action((flags: Look) =>
      withNode(flags, async (client, output) => (await unitCommands()).listRecords(client, flags.reason ?? "", output)),
    );
  return withExamples(command, "causeway node records --dir north", "causeway node records --json");
}

function withdrawCommand(): Command {
  const command = withUnitDir(new Command("withdraw"))
    .description("take a record back everywhere")
    .argument("<reference>", "the unit's own reference")
    .requiredOption("--reason <text>", "why; kept in the node's own log")
    .action((reference: string, flags: Common & { readonly reason: string }) =>
      withNode(flags, async (client, output) =>
        (await unitCommands()).withdraw(client, reference, flags.reason, output),
      ),
    );
  return withExamples(command, 'causeway node withdraw WCU-001 --reason "case closed"');
}

function revalidateCommand(): Command {
  const command = withUnitDir(new Command("revalidate"))
    .description("move a record's review day later, after a review")
    .argument("<reference>", "the unit's own reference")
    .requiredOption("--review-by <day>", "the new day, YYYY-MM-DD")
    .requiredOption("--reason <text>", "what the review found; kept in the node's own log")
    .action((reference: string, flags: RevalidateFlags) =>
      withNode(flags, async (client, output) => (await unitCommands()).revalidate(client, reference, flags, output)),
    );
  return withExamples(command, 'causeway node revalidate WCU-001 --review-by 2027-06-30 --reason "still sought"');
}

function inboxCommand(): Command {
  const command = withUnitDir(new Command("inbox"))
    .description("the unit's overlaps with other units")
    .option("--watch", "stay, and show each change as it comes")
    .option("--all", "closed ones too")
    .option("--reason <text>", WHY_LOOK)
    .action((flags: InboxFlags) =>
      withNode(flags, async (client, output) => {
        const { inbox } = await unitCommands();
        const { shutdownSignal } = await import("../../shared/platform/lifecycle.ts");
        const signal = flags.watch === true ? { signal: shutdownSignal() } : {};
        await inbox(client, { all: flags.all ?? false, reason: flags.reason ?? "", ...signal }, output);
      }),
    );
  return withExamples(command, "causeway node inbox --dir north", "causeway node inbox --watch --all --json");
}

function statusCommand(): Command {
  const command = withUnitDir(new Command("status"))
    .description("whether the node is connected, up to date, and done")
    .action((flags: Common) =>
      withNode(flags, async (client, output) => (await unitCommands()).showStatus(client, output)),
    );
  return withExamples(command, "causeway node status --dir north", "causeway node status --json");
}

function straysCommand(): Command {
  const strays = new Command("strays").description("records that only the broker knows, as after a restore");
  const list = withUnitDir(new Command("list"))
    .description("list them; importing their files makes them known again")
    .option("--reason <text>", WHY_LOOK)
    .action((flags: Look) =>
      withNode(flags, async (client, output) => (await unitCommands()).listStrays(client, flags.reason ?? "", output)),
    );
  const withdraw = withUnitDir(new Command("withdraw"))
    .description("take them back everywhere; open overlaps of theirs end at the other side")
    .argument("[handles...]", "as `strays list` shows them")
    .option("--all", "all of them")
    .requiredOption("--reason <text>", "why; kept in the node's own log")
    .action((handles: readonly string[], flags: Common & { readonly all?: boolean; readonly reason: string }) =>
      withNode(flags, async (client, output) =>
        (await unitCommands()).withdrawStrays(
          client,
          handles,
          { all: flags.all ?? false, reason: flags.reason },
          output,
        ),
      ),
    );
  strays.addCommand(withExamples(list, "causeway node strays list --dir north"));
  return strays.addCommand(
    withExamples(
      withdraw,
      'causeway node strays withdraw 00112233445566778899aabbccddeeff --reason "case closed before the restore"',
      'causeway node strays withdraw --all --reason "none of these is held any more"',
    ),
  );
}

function logCommand(): Command {
  const command = withFilter(withUnitDir(new Command("log")))
    .description("who did what to which record, when and why")
    // Or it would take the options of its own sub-command.
    .enablePositionalOptions()
    .addCommand(logExportCommand())
    .option("--reason <text>", "why the log is read; kept in it")
    .action((flags: Common & LogFlags) =>
      withNode(flags, async (client, output) => {
        const { showLog } = await import("./log-commands.ts");
        await showLog(client, flags, output);
      }),
    );
  return withExamples(
    command,
    "causeway node log --dir north --since 2026-11-01 --verb consultation",
    "causeway node log --record WCU-001 --json",
  );
}

function logExportCommand(): Command {
  const command = withFilter(withUnitDir(new Command("export")))
    .description("write the log to a file, for oversight")
    .argument("<file>", "a new file, by its ending .jsonl (exact) or .csv (for spreadsheets)")
    .requiredOption("--reason <text>", "why; kept in the log itself")
    .action((file: string, flags: Common & ExportFlags) =>
      withNode(flags, async (client, output) => {
        const { exportLog } = await import("./log-commands.ts");
        await exportLog(client, file, flags, output);
      }),
    );
  return withExamples(
    command,
    'causeway node log export november.csv --since 2026-11-01 --until 2026-11-30 --reason "audit of November"',
  );
}

function workstationCommand(): Command {
  const workstation = new Command("workstation").description("the unit's other machines that may use the node");
  for (const command of [workstationInit(), workstationAdd(), workstationList(), workstationRemove()]) {
    workstation.addCommand(command);
  }
  return workstation;
}

function workstationInit(): Command {
  const command = withJson(withDir(new Command("init"), "the workstation's directory"))
    .description("at the workstation: make its directory and key, for the commands that ask the node")
    .requiredOption("--node <host:port>", "where the node listens for workstations")
    .requiredOption("--node-key <fingerprint>", "the node's key, as `workstation list` shows it there")
    .action((flags: Common & WorkstationFlags) =>
      perform(flags, async (output) => {
        const { initialiseWorkstation } = await workstationCommands();
        await initialiseWorkstation(dirOf(flags), flags, output);
      }),
    );
  return withExamples(
    command,
    "causeway node workstation init --dir desk --node node.example:7440 --node-key FINGERPRINT",
  );
}

function workstationAdd(): Command {
  const command = withCommon(new Command("add"))
    .description("at the node: let a workstation in, at once; it then reads and does whatever the commands can")
    .argument("<name>", "how the log names it, such as desk-2")
    .requiredOption("--key <fingerprint>", "its key, received by another way than the network")
    .action((name: string, flags: Common & { readonly key: string }) =>
      perform(flags, async (output) => (await workstationCommands()).pinWorkstation(dirOf(flags), name, flags, output)),
    );
  return withExamples(command, "causeway node workstation add desk-2 --key FINGERPRINT --dir north");
}

function workstationList(): Command {
  const command = withCommon(new Command("list"))
    .description("at the node: which workstations are let in, and the node's own key")
    .action((flags: Common) =>
      perform(flags, async (output) => (await workstationCommands()).listWorkstations(dirOf(flags), output)),
    );
  return withExamples(command, "causeway node workstation list --dir north");
}

function workstationRemove(): Command {
  const command = withCommon(new Command("remove"))
    .description("at the node: let a workstation in no more, and cut what it has open")
    .argument("<name>", "as it was added")
    .action((name: string, flags: Common) =>
      perform(flags, async (output) => (await workstationCommands()).unpinWorkstation(dirOf(flags), name, output)),
    );
  return withExamples(command, "causeway node workstation remove desk-2 --dir north");
}

function withFilter(command: Command): Command {
  return command
    .option("--since <day>", "from this day on, YYYY-MM-DD, or YYYY-MM-DDTHH:MM")
    .option("--until <day>", "to the end of this day, or to before that minute")
    .addOption(new Option("--verb <verb>", "of this kind only").choices(VERBS))
    .option("--record <reference>", "about this record only")
    .option("--match <id>", "about this overlap only, by the id that --json shows");
}

function withDir(command: Command, whose = "the node's directory"): Command {
  return command.option("--dir <directory>", `${whose} (default: CAUSEWAY_NODE_DIR)`);
}

/** For what asks the running node, from its own machine or from a workstation. */
function withUnitDir(command: Command): Command {
  return withJson(withDir(command, "the directory of the node, or of the workstation"));
}

function withCommon(command: Command): Command {
  return withJson(withDir(command));
}

function dirOf({ dir }: Common): string {
  const chosen = dir ?? process.env["CAUSEWAY_NODE_DIR"];
  if (chosen !== undefined && chosen !== "") return chosen;
  throw new CausewayError("INVALID", "which node? Give --dir or set CAUSEWAY_NODE_DIR", { fields: ["dir"] });
}

async function withNode(flags: Common, act: (node: NodeClient, output: Output) => Promise<void>): Promise<void> {
  await perform(flags, async (output) => {
    const dir = dirOf(flags);
    const [{ connectToNode }, { actingPerson }] = await Promise.all([
      import("./rpc/node-client.ts"),
      import("./acting-person.ts"),
      requireTls13(),
    ]);
    using node = connectToNode(dir, actingPerson());
    await act(node, output);
  });
}

async function requireTls13(): Promise<void> {
  const { requireTls13: require } = await import("../../shared/platform/tls.ts");
  require();
}

/** Words in lines of at most about 76 characters. */
function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 74) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n  ");
}
