/** `causeway …` of a checkout. */
import { program } from "./checkout.ts";
import { runCommandLine } from "./run.ts";

await runCommandLine(program);
