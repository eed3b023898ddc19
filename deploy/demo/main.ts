/** `npm start`. */
import { demoCommand } from "./options.ts";
import { demoFromCommandLine } from "./command.ts";

await demoCommand(demoFromCommandLine).parseAsync();
