/** `causeway admin init`, `found`, `install`, `freshness`: a party's keys, a federation's beginning, what the board hands out. */
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { toHex } from "../../../shared/core/bytes.ts";
import { replaceFile } from "../../../shared/party/key-files.ts";
import { PARTY_KINDS } from "../../../shared/party/enrolment.ts";
import { partyFile } from "../../../shared/party/files.ts";
import { installBundle } from "../../../shared/party/install.ts";
import { initAdministrator, initBroker, initEvaluator, initNats, initNode } from "../../../shared/party/new-party.ts";
import { parsePin } from "../../../shared/party/pin.ts";
import type { PartyKind } from "../../../shared/party/enrolment.ts";
import { identityUri } from "../../../shared/platform/tls.ts";
import { attempt, table } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { renewFreshness } from "../../registrar/statement.ts";
import { readChain } from "../board.ts";
import { foundFederation } from "../found.ts";
import { readPlan } from "../plan-file.ts";

type Json = { readonly json?: boolean };

const INIT = {
  broker: initBroker,
  evaluator: initEvaluator,
  node: initNode,
  administrator: initAdministrator,
  nats: initNats,
} as const;

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
  type Flags = Json & { readonly kind: PartyKind; readonly name?: string; readonly address?: string };
  return withJson(new Command("init"))
    .description("make a party's own keys and its enrolment for the board")
    .argument("<directory>", "where the keys will live; they never leave it")
    .addOption(new Option("--kind <kind>", "what the party is").choices([...PARTY_KINDS]).default("administrator"))
    .option("--name <name>", "its name; for broker and evaluators [a-z0-9-] (default: the kind)")
    .option("--address <host:port>", "proposed address of its services")
    .action((dir: string, { json, kind, name = kind, address }: Flags) =>
      attempt(json === true, async (output) => {
        const { fingerprint } = await INIT[kind](dir, { name, ...(address === undefined ? {} : { address }) });
        const enrolment = partyFile(dir, "enrolment");
        output.json({ kind, enrolment, fingerprint });
        output.say(`Keys made in ${join(dir, "keys")}.`);
        output.say(`Hand the board ${enrolment}, and read its fingerprint to them by telephone:`);
        output.say(`  ${fingerprint}`);
      }),
    );
}

export function foundCommand(): Command {
  type Flags = Json & { readonly plan: string; readonly out: string };
  return withJson(new Command("found"))
    .description("found a federation: directives, salts of epoch 1, certificates, NATS users, a bundle for each party")
    .requiredOption("--plan <file>", "the plan, JSON; see below")
    .requiredOption("--out <directory>", "a new directory for the bundles")
    .addHelpText("after", PLAN_HELP)
    .action(({ json, plan, out }: Flags) =>
      attempt(json === true, async (output) => {
        const outDir = resolve(out);
        const founded = await foundFederation({ ...readPlan(plan), nowMs: Date.now(), outDir });
        const fingerprint = toHex(founded.fingerprint);
        const { head } = founded.federation;
        const bundles = Object.fromEntries(founded.bundles);
        const { registrarDir } = founded;
        const members = Object.fromEntries(founded.members);
        output.json({ fingerprint, directive: head.number, members, bundles, registrar: registrarDir });
        output.say(printable(`Founded ${founded.federation.found.name} with ${head.number} directives.`));
        output.say("Fingerprint, to be given to every party by another way than its bundle:");
        output.say(`  ${fingerprint}`);
        output.say("Bundles:");
        for (const row of table([...founded.bundles].map(([party, dir]) => [party, dir]))) output.say(`  ${row}`);
        output.say(`Registrar, to be moved to the machine that stays on-line: ${registrarDir}`);
        output.say("The bundles are out of date tomorrow; renew with: causeway admin freshness");
      }),
    );
}

export function installCommand(): Command {
  type Flags = Json & { readonly bundle: string; readonly fingerprint: string };
  return withJson(new Command("install"))
    .description("take over the board's bundle, proven from the federation's fingerprint")
    .argument("<directory>", "the party's directory")
    .requiredOption("--bundle <directory>", "what the board handed over")
    .requiredOption("--fingerprint <hex>", "the federation's fingerprint, learnt by another way than the bundle")
    .action((partyDir: string, { json, bundle, fingerprint }: Flags) =>
      attempt(json === true, async (output) => {
        const pin = parsePin(fingerprint);
        const installed = installBundle({ partyDir, bundleDir: bundle, fingerprint: pin, nowMs: Date.now() });
        const identity = identityUri(installed.identity);
        const { found, head } = installed.federation;
        output.json({ federation: found.name, identity, directive: head.number });
        output.say(printable(`Installed as ${identity} of ${found.name}, directive ${head.number}.`));
      }),
    );
}

export function freshnessCommand(): Command {
  type Flags = Json & { readonly hours?: string; readonly out?: string };
  return withJson(new Command("freshness"))
    .description("sign that the head of the chain is still the latest directive")
    .argument("<directory>", "the registrar's directory, which holds the on-line key")
    .option("--hours <hours>", "how long it holds, up to 48 (default: 24)")
    .option("--out <file>", "also write it there, for the broker to serve")
    .action((dir: string, { json, hours, out }: Flags) =>
      attempt(json === true, async (output) => {
        const nowMs = Date.now();
        const statement = renewFreshness({ dir, nowMs, hours: hours === undefined ? undefined : Number(hours) });
        const written = [partyFile(dir, "freshness"), ...(out === undefined ? [] : [out])];
        if (out !== undefined) replaceFile(out, statement, 0o644);
        const { number } = readChain(dir, nowMs).federation.head;
        output.json({ directive: number, written });
        output.say(`Directive ${number} is the latest; stated in ${written.join(" and ")}.`);
      }),
    );
}

function withJson(command: Command): Command {
  return command.option("--json", "one JSON object a line");
}
