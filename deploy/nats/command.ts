/** `causeway nats-config`: the configuration of the federation's nats-server. */
import { resolve } from "node:path";
import { Command } from "commander";
import { CausewayError } from "../../shared/core/errors.ts";
import { perform, withExamples, withJson } from "../../shared/terminal/command.ts";
import type { Json } from "../../shared/terminal/command.ts";

type Flags = Json & {
  readonly bundle: string;
  readonly name: string;
  readonly host: string;
  readonly port: string;
};

export function natsConfigCommand(): Command {
  const command = withJson(new Command("nats-config"))
    .description("write nats-server.conf for the federation's NATS server")
    .argument("<directory>", "the NATS server's directory, with its installed certificate")
    .requiredOption("--bundle <directory>", "what the board handed over for the NATS server")
    .option("--name <name>", "the server's name", "causeway")
    .option("--host <address>", "where it listens", "127.0.0.1")
    .option("--port <port>", "where it listens", "4222")
    .action((dir: string, { bundle, name, host, port, json }: Flags) =>
      perform({ json }, async (output) => {
        const [{ writeNatsConfig }, { say }] = await Promise.all([
          import("./write-config.ts"),
          import("../../shared/words/say.ts"),
        ]);
        const path = writeNatsConfig({ dir: resolve(dir), bundleDir: bundle, name, host, port: toPort(port) });
        output.json({ config: path });
        output.say(say("party.startServer", { command: `nats-server -c ${path}` }));
      }),
    );
  return withExamples(command, "causeway nats-config nats --bundle founding/nats --host 0.0.0.0 --port 4222");
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CausewayError("INVALID", "a port is a number from 1 to 65535", { fields: ["port"] });
}
