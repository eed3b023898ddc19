/** What the licences of the packages in a bundle ask for: their text goes with the code. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "rolldown";

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const TEXTS = /^(?:licen[cs]e|copying|notice)/i;

/** Adds `THIRD-PARTY.txt`: every package of which something is in the bundle, with its licence. */
export const licences: Plugin = {
  name: "licences",
  generateBundle() {
    const packages = new Set([...this.getModuleIds()].flatMap((id) => PACKAGE.exec(id)?.[0] ?? []));
    const source = [...packages]
      .toSorted()
      .map(described)
      .join(`\n${"-".repeat(80)}\n\n`);
    this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source });
  },
};

type Manifest = { readonly name: string; readonly version: string; readonly license: string };

function described(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const texts = readdirSync(folder).filter((file) => TEXTS.test(file));
  const read = texts.map((file) => readFileSync(join(folder, file), "utf8"));
  return [`${name} ${version} (${license})\n`, ...read].join("\n");
}
