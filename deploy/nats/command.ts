/** `causeway nats-config`: the configuration of the federation's nats-server. */
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { CausewayError } from "../../shared/core/errors.ts";
import { perform, withExamples, withJson } from "../../shared/terminal/command.ts";
import type { Json } from "../../shared/terminal/command.ts";

type Flags = Json & {
  readonly bundle: string;
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly route: readonly string[];
  readonly clusterListen: string;
  readonly servers?: string;
};

const DEFAULT_NAME = "causeway";

export function natsConfigCommand(): Command {
  const command = withJson(new Command("nats-config"))
    .description("write nats-server.conf for the federation's NATS server")
    .argument("<directory>", "the NATS server's directory, with its installed certificate")
    .requiredOption("--bundle <directory>", "what the board handed over for the NATS server")
    .option("--name <name>", "the server's name", DEFAULT_NAME)
    .option("--host <address>", "where it listens", "127.0.0.1")
    .option("--port <port>", "where it listens", "4222")
    .addOption(
      new Option("--route <host:port>", "where another server of the cluster waits for this one (repeatable)")
        .argParser<readonly string[]>((value, earlier) => [...earlier, value])
        .default([], "none: the server stands alone"),
    )
    .option("--cluster-listen <host:port>", "where the other servers of the cluster reach this one", "127.0.0.1:6222")
    .option("--servers <file>", "the registrar's nats-servers.json, with the keys of the cluster's servers")
    .action((dir: string, { bundle, name, host, port, json, ...cluster }: Flags) =>
      perform({ json }, async (output) => {
        const [{ writeNatsConfig }, { say }] = await Promise.all([
          import("./write-config.ts"),
          import("../../shared/words/say.ts"),
        ]);
        const server = { dir: resolve(dir), bundleDir: bundle, name, host, port: toPort(port) };
        const path = writeNatsConfig({ ...server, ...clusterOf(cluster, name) });
        output.json({ config: path });
        output.say(say("party.startServer", { command: `nats-server -c ${path}` }));
      }),
    );
  return withExamples(
    command,
    "causeway nats-config nats --bundle founding/nats --host 0.0.0.0 --port 4222",
    "causeway nats-config nats-1 --bundle founding/nats --name nats-1 --host 0.0.0.0 --cluster-listen 0.0.0.0:6222 --servers nats-servers.json --route n2.example:6222 --route n3.example:6222",
  );
}

/** The servers of a cluster have different names. */
function clusterOf(
  { route, clusterListen, servers }: Pick<Flags, "route" | "clusterListen" | "servers">,
  name: string,
) {
  if (route.length === 0) return {};
  const missing = [...(servers === undefined ? ["servers"] : []), ...(name === DEFAULT_NAME ? ["name"] : [])];
  if (servers === undefined || missing.length > 0)
    throw new CausewayError("INVALID", "a server of a cluster needs --servers, and a --name of its own", {
      fields: missing,
    });
  const misformed = [clusterListen, ...route].some((address) => !/^[^\s/@]+:[1-9][0-9]{0,4}$/.test(address));
  if (misformed) throw new CausewayError("INVALID", "an address is host:port", { fields: ["route", "clusterListen"] });
  return { cluster: { listen: clusterListen, routes: route, servers } };
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CausewayError("INVALID", "a port is a number from 1 to 65535", { fields: ["port"] });
}
