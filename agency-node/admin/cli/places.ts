/** `causeway admin places`, `tls-roots`: what they take. */
import { Command, Option } from "commander";
import { withExamples } from "../../../shared/terminal/command.ts";
import type { PlacesFlags, RootsFlags } from "../commands/places.ts";
import { atSeat, withDesk } from "./seat.ts";

const acts = () => import("../commands/places.ts");

export function placesCommand(): Command {
  const command = atSeat(new Command("places"))
    .description("propose other addresses of broker, evaluators or NATS servers; they must answer there already")
    .option("--broker <host:port>", "the broker's; with a standby several, separated by commas")
    .addOption(
      repeated("--evaluator <name=host:port>", "an evaluator's (repeatable); one that the broker hosts goes with it"),
    )
    .option(
      "--nats <host:port>",
      "the NATS server's, or those of its cluster, separated by commas; for everybody, whatever their settings say",
    )
    .option("--anyway", "several addresses also where units have not said that their programs read them")
    .requiredOption("--reason <text>", "why; everybody in the federation reads it")
    .action((dir: string, flags: PlacesFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).changePlaces(desk, flags)),
    );
  return withExamples(
    command,
    'causeway admin places board/1 --broker broker.example:7400 --reason "a new machine"',
    'causeway admin places board/1 --evaluator key-office=keys.example:7410 --reason "a new machine"',
    'causeway admin places board/1 --broker b1.example:7400,b2.example:7400 --reason "a standby"',
  );
}

export function tlsRootsCommand(): Command {
  const command = atSeat(new Command("tls-roots"))
    .description(
      "list the TLS roots; with --add or --remove, propose others, of which the last is the one to issue under",
    )
    .option("--add <file>", "the certificate that `causeway registrar next-root` made")
    .addOption(repeated("--remove <id>", "a root that is not to be believed any more, by its id (repeatable)"))
    .option("--reason <text>", "why; everybody in the federation reads it")
    .action((dir: string, flags: RootsFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).changeRoots(desk, flags)),
    );
  return withExamples(
    command,
    "causeway admin tls-roots board/1",
    'causeway admin tls-roots board/1 --add ca-next.crt --reason "the first one ends next year"',
  );
}

function repeated(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser<readonly string[]>((value, earlier) => [...earlier, value])
    .default([], "none");
}
