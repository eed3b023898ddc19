/** `causeway completion …`. */
import { Argument, Command } from "commander";
import { withExamples } from "../../shared/terminal/command.ts";

type Shell = import("./completion.ts").Shell;

export function completionCommand(): Command {
  const command = new Command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell, _flags: object, self: Command) => {
      const { completionScript } = await import("./completion.ts");
      process.stdout.write(completionScript(self.parent ?? self, shell));
    });
  return withExamples(
    command,
    "causeway completion bash > ~/.local/share/bash-completion/completions/causeway",
    "causeway completion zsh > ~/.zfunc/_causeway",
    "causeway completion fish > ~/.config/fish/completions/causeway.fish",
  );
}
