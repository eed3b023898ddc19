/** `causeway config check`: what keeps a party's program from starting, before it is started. */
import { Command } from "commander";
import { perform, withExamples, withJson } from "../../shared/terminal/command.ts";
import type { Json } from "../../shared/terminal/command.ts";

export function configCommand(): Command {
  return new Command("config").description("settings and files of a party's directory").addCommand(checkCommand());
}

function checkCommand(): Command {
  const command = withJson(new Command("check"))
    .description("look at settings, files, permissions and certificates, and name everything that is wrong at once")
    .option("--dir <directory>", "of a broker, evaluator, node, registrar, administrator or NATS server", ".")
    .addHelpText("after", "\nSettings in CAUSEWAY_… variables count too. Exit code 1: something is wrong.")
    .action(({ json, dir }: Json & { readonly dir: string }) =>
      perform({ json }, async (output) => {
        const [{ checkParty }, { EXIT }, { printable }, { say }] = await Promise.all([
          import("./check.ts"),
          import("../../shared/terminal/exit.ts"),
          import("../../shared/terminal/printable.ts"),
          import("../../shared/words/say.ts"),
        ]);
        const { party, problems } = checkParty(dir, { environment: process.env, nowMs: Date.now() });
        for (const problem of problems) {
          output.json(problem);
          output.say(printable([problem.where, problem.key, problem.reason].filter((part) => part !== "").join(": ")));
        }
        if (problems.length === 0) {
          output.json({ party, problems: 0 });
          output.say(say("party.nothingWrong", { party }));
        } else {
          process.exitCode = EXIT.failure;
        }
      }),
    );
  return withExamples(command, "causeway config check --dir north", "causeway config check --dir broker --json");
}
