/** Packages that find parts of themselves in a way that a bundler cannot follow. */
import { join } from "node:path";
import countries from "i18n-iso-countries";
import type { Plugin } from "rolldown";

const PACKAGES = join(import.meta.dirname, "..", "..", "node_modules");

/** It hands `require` to a function; its other form does not. */
const JSONC_PARSER = join(PACKAGES, "jsonc-parser", "lib", "esm", "main.js");

/** It requires the file of each language, by a name put together when it starts. */
const COUNTRIES = join(PACKAGES, "i18n-iso-countries", "entry-node.js");

export const packages: Plugin = {
  name: "packages",
  resolveId: (name) => (name === "jsonc-parser" ? JSONC_PARSER : undefined),
  load(id) {
    if (id !== COUNTRIES) return;
    const languages = countries
      .getSupportedLanguages()
      .map((code) => `library.registerLocale(require("./langs/${code}.json"));`);
    return ['const library = require("./index");', ...languages, "module.exports = library;"].join("\n");
  },
};
