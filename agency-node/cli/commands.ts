/** `causeway node …`: the commands of a unit. */
import { Command, Option } from "commander";
import { CausewayError } from "../../shared/core/errors.ts";
import { shutdownSignal } from "../../shared/platform/lifecycle.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { MULTIPLE_FIELDS, SINGLE_FIELDS } from "../intake/fields.ts";
import { enrol } from "./enrol-command.ts";
import type { EnrolFlags } from "./enrol-command.ts";
import { importFile } from "./import-command.ts";
import type { ImportFlags } from "./import-command.ts";
import { initialise, install } from "./keys-commands.ts";
import type { InitFlags, InstallFlags } from "./keys-commands.ts";
import { attempt } from "../../shared/terminal/output.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { connectToNode } from "./rpc/node-client.ts";
import type { NodeClient } from "./rpc/node-client.ts";
import { inbox, listRecords, revalidate, showStatus, withdraw } from "./unit-commands.ts";

type Common = { readonly dir?: string; readonly json?: boolean };

/** `run` starts the node's program; how a program is started is the caller's to know. */
export function nodeCommand(run: (dir: string) => Promise<void>): Command {
  const node = new Command("node").description("a unit's own node: keys, records, overlaps");
  addSetUp(node, run);
  addImport(node);
  addRecords(node);
  addInbox(node);
  return node;
}

function addSetUp(node: Command, run: (dir: string) => Promise<void>): void {
  withCommon(node.command("init").description("make the unit's keys, and an enrolment for the board"))
    .requiredOption("--name <name>", "the unit's full name")
    .requiredOption("--mandate <mandate>", 'what it works on, such as "human trafficking"')
    .option("--office <text>", "liaison office, shown to the other side of a proven match")
    .option("--phone <text>", "its telephone")
    .option("--email <text>", "its e-mail address")
    .option("--hours <text>", "when it can be reached")
    .action((flags: Common & InitFlags) => attempt(isJson(flags), (output) => initialise(dirOf(flags), flags, output)));
  withCommon(node.command("install").description("take over the board's bundle"))
    .argument("<bundle>", "the directory that the board handed over")
    .requiredOption("--fingerprint <hex>", "the federation's fingerprint, received by another way than the bundle")
    .option("--nats-url <url>", "the federation's NATS server, tls://host:port (needed the first time)")
    .option("--listen <host:port>", "where the node serves the unit itself (default 127.0.0.1:7440)")
    .action((bundle: string, flags: Common & InstallFlags) =>
      attempt(isJson(flags), async (output) => install(dirOf(flags), bundle, flags, output)),
    );
  addEnrol(node);
  withDir(node.command("run").description("run the node until Ctrl-C")).action((flags: Common) =>
    attempt(false, () => run(dirOf(flags))),
  );
}

function addEnrol(node: Command): void {
  withCommon(
    node.command("enrol").description("join a running federation with an invitation, or give a lost node new keys"),
  )
    .option("--invitation <code>", "what the board sent: cwi1-…")
    .option("--collect", "go on waiting after an earlier call")
    .option("--no-wait", "hand in only; --collect later")
    .option("--name <name>", "the unit's full name, where there are no keys yet")
    .option("--mandate <mandate>", "what it works on, where there are no keys yet")
    .option("--office <text>", "liaison office, shown to the other side of a proven match")
    .option("--phone <text>", "its telephone")
    .option("--email <text>", "its e-mail address")
    .option("--hours <text>", "when it can be reached")
    .option("--listen <host:port>", "where the node will serve the unit itself (default 127.0.0.1:7440)")
    .action((flags: Common & EnrolFlags) =>
      attempt(isJson(flags), async (output) => {
        requireTls13();
        await enrol(dirOf(flags), flags, output);
      }),
    );
}

function addImport(node: Command): void {
  withCommon(node.command("import").description("import records from a CSV or FollowTheMoney file"))
    .argument("<file>", 'the file; "-" reads standard input')
    .option("--dry-run", "say what would happen, store nothing")
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
      withNode(flags, (client, output) => importFile(client, file, flags, output)),
    );
}

function addRecords(node: Command): void {
  withCommon(node.command("records").description("list the unit's records and what became of each")).action(
    (flags: Common) => withNode(flags, listRecords),
  );
  withCommon(node.command("withdraw").description("take a record back everywhere"))
    .argument("<reference>", "the unit's own reference")
    .requiredOption("--reason <text>", "why; kept in the node's own log")
    .action((reference: string, flags: Common & { readonly reason: string }) =>
      withNode(flags, (client, output) => withdraw(client, reference, flags.reason, output)),
    );
  withCommon(node.command("revalidate").description("move a record's review day later, after a review"))
    .argument("<reference>", "the unit's own reference")
    .requiredOption("--review-by <day>", "the new day, YYYY-MM-DD")
    .requiredOption("--reason <text>", "what the review found; kept in the node's own log")
    .action((reference: string, flags: Common & { readonly reviewBy: string; readonly reason: string }) =>
      withNode(flags, (client, output) => revalidate(client, reference, flags, output)),
    );
}

function addInbox(node: Command): void {
  withCommon(node.command("inbox").description("the unit's overlaps with other units"))
    .option("--watch", "stay, and show each change as it comes")
    .option("--all", "closed ones too")
    .action((flags: Common & { readonly watch?: boolean; readonly all?: boolean }) =>
      withNode(flags, (client, output) => {
        const signal = flags.watch === true ? { signal: shutdownSignal() } : {};
        return inbox(client, { all: flags.all ?? false, ...signal }, output);
      }),
    );
  withCommon(node.command("status").description("whether the node is connected, up to date, and done")).action(
    (flags: Common) => withNode(flags, showStatus),
  );
}

function withDir(command: Command): Command {
  return command.option("--dir <directory>", "the node's directory (default: CAUSEWAY_NODE_DIR)");
}

function withCommon(command: Command): Command {
  return withDir(command).option("--json", "print JSON, one object a line");
}

const isJson = ({ json }: Common): boolean => json ?? false;

function dirOf({ dir }: Common): string {
  const chosen = dir ?? process.env["CAUSEWAY_NODE_DIR"];
  if (chosen !== undefined && chosen !== "") return chosen;
  throw new CausewayError("INVALID", "which node? Give --dir or set CAUSEWAY_NODE_DIR", { fields: ["dir"] });
}

async function withNode(flags: Common, act: (node: NodeClient, output: Output) => Promise<void>): Promise<void> {
  await attempt(isJson(flags), async (output) => {
    requireTls13();
    using node = connectToNode(dirOf(flags));
    await act(node, output);
  });
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
