#!/usr/bin/env node
/** `causeway …` from a bundle, with the compiled code of the last time: of this user's, as whoever can write there can run what he likes. */
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

enableCompileCache(join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "causeway"));
const [{ runCommandLine }, { commandLine }] = await Promise.all([import("../run.ts"), import("../program.ts")]);
await runCommandLine(commandLine());
