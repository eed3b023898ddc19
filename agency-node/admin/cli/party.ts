/** `causeway admin init`, `found`, `install`, `freshness`: what they take. */
import { Command, Option } from "commander";
import { PARTY_KINDS } from "../../../shared/party/files.ts";
import { perform, withExamples, withJson } from "../../../shared/terminal/command.ts";
import type { Json } from "../../../shared/terminal/command.ts";
import type { CatchUpFlags, FoundFlags, FreshnessFlags, InitFlags, InstallFlags } from "../commands/party.ts";

const acts = () => import("../commands/party.ts");

const PLAN_HELP = `
The plan names (paths are relative to it):
  name, quorum, scheme      of the federation; how many administrators decide; linkage scheme of epoch 1
  administrators            directories of the board
  broker, evaluators[]      enrolment (file), fingerprint (as read out by telephone), address (host:port)
  nats                      enrolment, fingerprint, hosts[]
  members[]                 enrolment, fingerprint, slug, name, mandate, domains[], contact {office, phone, email,
                            hours}, legalBasis, purposes[], retentionDaysMax, budget {initial, perDay}
  epochDays, brokerEvaluates  may be left out: 365, true`;

export function initCommand(): Command {
  const command = withJson(new Command("init"))
    .description("make a party's own keys and its enrolment for the board")
    .argument("<directory>", "where the keys will live; they never leave it")
    .addOption(new Option("--kind <kind>", "what the party is").choices([...PARTY_KINDS]).default("administrator"))
    .option("--name <name>", "its name; for broker and evaluators [a-z0-9-] (default: the kind)")
    .option("--address <host:port>", "proposed address of its services")
    .action((dir: string, flags: Json & InitFlags) =>
      perform(flags, async (output) => (await acts()).init(dir, flags, output)),
    );
  return withExamples(
    command,
    'causeway admin init board/1 --name "Prosecutor A"',
    "causeway admin init key-office --kind evaluator --name key-office --address key-office.example:7443",
  );
}

export function foundCommand(): Command {
  const command = withJson(new Command("found"))
    .description("found a federation: directives, salts of epoch 1, certificates, NATS users, a bundle for each party")
    .requiredOption("--plan <file>", "the plan, JSON; see below")
    .requiredOption("--out <directory>", "a new directory for the bundles")
    .addHelpText("after", PLAN_HELP)
    .action((flags: Json & FoundFlags) => perform(flags, async (output) => (await acts()).found(flags, output)));
  return withExamples(command, "causeway admin found --plan plan.json --out founding");
}

export function installCommand(): Command {
  const command = withJson(new Command("install"))
    .description("take over the board's bundle, proven from the federation's fingerprint")
    .argument("<directory>", "the party's directory")
    .requiredOption("--bundle <directory>", "what the board handed over")
    .requiredOption("--fingerprint <hex>", "the federation's fingerprint, learnt by another way than the bundle")
    .action((dir: string, flags: Json & InstallFlags) =>
      perform(flags, async (output) => (await acts()).install(dir, flags, output)),
    );
  return withExamples(
    command,
    "causeway admin install broker --bundle founding/bundle/broker --fingerprint FINGERPRINT",
  );
}

export function catchUpCommand(): Command {
  const command = withJson(new Command("catch-up"))
    .description("give a party the directives that no broker can tell it of, proven from its own pinned fingerprint")
    .argument("<directory>", "the party's directory")
    .requiredOption("--chain <file>", "a longer chain.bin; the freshness.bin beside it is read too, if there is one")
    .action((dir: string, flags: Json & CatchUpFlags) =>
      perform(flags, async (output) => (await acts()).catchUpBy(dir, flags, output)),
    );
  return withExamples(command, "causeway admin catch-up north --chain sitting/chain.bin");
}

export function freshnessCommand(): Command {
  const command = withJson(new Command("freshness"))
    .description("sign that the head of the chain is still the latest directive")
    .argument("<directory>", "the registrar's directory, which holds the on-line key")
    .option("--hours <hours>", "how long it holds, up to 48 (default: 24)")
    .option("--out <file>", "also write it there, for the broker to serve")
    .action((dir: string, flags: Json & FreshnessFlags) =>
      perform(flags, async (output) => (await acts()).stateFreshness(dir, flags, output)),
    );
  return withExamples(command, "causeway admin freshness founding/registrar --out broker/freshness.bin");
}
