/** `npm run build`. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { manPage } from "../help/man-page.ts";
import { commandLine } from "../program.ts";
import { buildBundles } from "./bundles.ts";

const out = resolve(process.argv[2] ?? "dist");
await buildBundles(out);
writeFileSync(join(out, "causeway.1"), manPage(commandLine()));
process.stdout.write(`built ${out}\n`);
