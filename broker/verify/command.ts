/** `causeway broker verify`: whether both copies of the broker's databases agree. */
import { resolve } from "node:path";
import { Command } from "commander";
import { perform, withExamples, withJson } from "../../shared/terminal/command.ts";
import type { Json } from "../../shared/terminal/command.ts";

export function verifyCommand(): Command {
  const command = withJson(new Command("verify"))
    .description("say whether the broker's databases and their copy at NATS agree; changes nothing")
    .option("--dir <directory>", "the broker's directory", ".")
    .addHelpText(
      "after",
      "\nExit code 0: both copies agree. 1: they do not; what the next start of the broker does is said. 4: a broker runs and has a file open:\nstop it, or ask again later.",
    )
    .action(({ json, dir }: Json & { readonly dir: string }) =>
      perform({ json }, async (output) => {
        const [{ verifyDirectory }, { EXIT }, { say }] = await Promise.all([
          import("./verify-directory.ts"),
          import("../../shared/terminal/exit.ts"),
          import("../../shared/words/say.ts"),
        ]);
        const { databases, isStreamWhole, activeSinceMs } = await verifyDirectory(resolve(dir));
        for (const { database, path, state, file, stream } of databases)
          output.say(say(`broker.verify.${state}`, { database, path, file: file ?? 0, stream: stream ?? 0 }));
        if (!isStreamWhole) output.say(say("broker.verify.streamBroken"));
        if (activeSinceMs !== undefined)
          output.say(say("broker.verify.active", { since: new Date(activeSinceMs).toISOString() }));
        output.json({ databases, isStreamWhole, activeSinceMs });
        const states = new Set(databases.map(({ state }) => state));
        for (const fine of ["agree", "notKept"] as const) states.delete(fine);
        if (states.delete("inUse")) process.exitCode = EXIT.waiting;
        if (states.size > 0 || !isStreamWhole) process.exitCode = EXIT.failure;
      }),
    );
  return withExamples(command, "causeway broker verify --dir broker", "causeway broker verify --dir broker --json");
}
