/** What every command at an administrator's seat takes, and how it gets there. */
import type { Command } from "commander";
import type { Common, Desk } from "../desk.ts";

/** The first argument is the administrator's directory. */
export function atSeat(command: Command): Command {
  return command
    .argument("<directory>", "the administrator's own directory")
    .option("--json", "print JSON, one object a line")
    .option("--unfresh", "sign although nobody states that the chain is complete (the registrar is lost)")
    .option(
      "--folder <directory>",
      "decide in this folder, which you hand on, and not at the broker (the broker is lost)",
    );
}

/** Loads what a seat needs, takes it, and acts. */
export async function withDesk(dir: string, flags: Common, act: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = await import("../desk.ts");
  await desk.withDesk(dir, flags, act);
}
