/** `npm run build`. */
import { resolve } from "node:path";
import { buildBundles } from "./bundles.ts";

const out = resolve(process.argv[2] ?? "dist");
await buildBundles(out);
process.stdout.write(`built ${out}\n`);
