/**
 * Style sheets and scripts, read once and served from memory under a path that names their content, so that browsers may keep
 * them for ever. The typeface and crest of GOV.UK Frontend are left out: they are for gov.uk only.
 */
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { concat, lp, toHex } from "../core/bytes.ts";
import { blake2b } from "../crypto/hash.ts";

const FILES = {
  "govuk-frontend.min.css": new URL(
    "../../node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css",
    import.meta.url,
  ),
  "govuk-frontend.min.js": new URL(
    "../../node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js",
    import.meta.url,
  ),
  "simplewebauthn.js": new URL(
    "../../node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js",
    import.meta.url,
  ),
  "kit.css": new URL("./assets/kit.css", import.meta.url),
  "kit.js": new URL("./assets/kit.js", import.meta.url),
  "js-enabled.js": new URL("./assets/js-enabled.js", import.meta.url),
  "icon.svg": new URL("./assets/icon.svg", import.meta.url),
} as const;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

export type AssetName = keyof typeof FILES;

export type Asset = { readonly content: Uint8Array<ArrayBuffer>; readonly type: string };

export class Assets {
  readonly #files = new Map<string, Asset>();
  readonly #version: string;

  /** Throws as `readFileSync` if the installation is incomplete. */
  constructor() {
    for (const [name, file] of Object.entries(FILES)) {
      this.#files.set(name, { content: cleaned(readFileSync(file, "utf8")), type: TYPES[extname(name)] as string });
    }
    const contents = [...this.#files.values()].map(({ content }) => lp(blake2b(32, content)));
    this.#version = toHex(blake2b(16, concat(...contents)));
  }

  path(name: AssetName): string {
    return `/assets/${this.#version}/${name}`;
  }

  /** Of this version only: an old page asks in vain rather than getting something else. */
  find(version: string, name: string): Asset | undefined {
    return version === this.#version ? this.#files.get(name) : undefined;
  }
}

/** Without what would have browsers ask for things that are not served: typefaces and source maps. */
function cleaned(text: string): Uint8Array<ArrayBuffer> {
  const noFonts = text.replaceAll(/@font-face\{[^}]*\}/g, "");
  return new TextEncoder().encode(noFonts.replaceAll(/(?:\/\*|\/\/)# sourceMappingURL=\S+(?:\s*\*\/)?/g, ""));
}
