import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkBoundaries } from "../tools/check-boundaries.ts";

const ROOT = join(import.meta.dirname, "..", "..");

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "causeway-boundaries-"));
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  write("package.json", '{ "type": "module" }');
  write("shared/core/bytes.ts", "export const one = 1;\nexport type One = 1;\n");
  write("shared/crypto/hash.ts", 'import { one } from "../core/bytes.ts";\nexport const hash = one;\n');
  write("shared/wire/gen/v1.ts", "export const wire = 1;\nexport type Wire = 1;\n");
  write("agency-node/wire/gen/v1.ts", "export const wire = 1;\nexport type Wire = 1;\n");
  write("agency-node/core/record.ts", "export const record = 1;\nexport type Record = 1;\n");
  write("agency-node/linkage/names.ts", "export const names = 1;\n");
  write("broker/core/matching.ts", "export const match = 1;\n");
  write("broker/main.ts", "export const main = 1;\n");
  write("deploy/build/bundles.ts", "export const buildBundles = 1;\n");
  write("broker/store/ledger.ts", "export const ledger = 1;\nexport type Ledger = 1;\n");
  write("shared/world/random.ts", "export const randomBytes = 1;\n");
  write("shared/world/clock.ts", "export const systemClock = 1;\nexport type Clock = 1;\n");
  write("shared/web/pieces.ts", "export const tag = 1;\n");
  write("shared/world/world.ts", "export type World = 1;\n");
  write("agency-node/admin/proposals.ts", "export const sign = 1;\n");
  write("agency-node/registrar/keys.ts", "export const keys = 1;\n");
  write("broker/evaluator/core/account.ts", "export const account = 1;\n");
  write("broker/evaluator/doors.ts", "export const open = 1;\n");
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function brokenRules(): Promise<string[]> {
  const { violations } = await checkBoundaries(root);
  return [...new Set(violations.map((violation) => violation.split(":")[0] ?? ""))].toSorted();
}

describe("import boundaries", () => {
  it.each([
    ["broker/rpc/publish.ts", '"../../agency-node/core/record.ts"', "record", "broker-never-sees-agency-code"],
    ["broker/rpc/publish.ts", '"../../agency-node/core/record.ts"', "type Record", "broker-never-sees-agency-code"],
    ["agency-node/bus/outbox.ts", '"../../broker/core/matching.ts"', "match", "agency-node-never-imports-broker"],
    ["shared/wire/parse.ts", '"../../broker/main.ts"', "main", "shared-imports-neither-side"],
    ["shared/core/time.ts", '"node:fs"', "readFileSync", "shared-core-is-pure"],
    ["shared/core/time.ts", '"zod"', "z", "shared-core-is-pure"],
    ["shared/core/time.ts", '"zod"', "type ZodType", "shared-core-is-pure"],
    ["broker/core/rules.ts", '"../main.ts"', "main", "broker-core-is-pure"],
    ["broker/evaluator/core/budget.ts", '"node:crypto"', "randomBytes", "broker-core-is-pure"],
    ["agency-node/core/rules.ts", '"../linkage/names.ts"', "names", "agency-node-core-is-pure"],
    ["agency-node/core/rules.ts", '"@bufbuild/protobuf"', "type Message", "agency-node-core-is-pure"],
    ["shared/crypto/seal.ts", '"libsodium-wrappers"', "crypto_sign", "one-libsodium"],
    ["shared/crypto/seal.ts", '"node:crypto"', "randomBytes", "crypto-draws-no-randomness"],
    ["shared/crypto/seal.ts", '"../wire/gen/v1.ts"', "type Wire", "crypto-draws-no-randomness"],
    ["broker/bus/intake.ts", '"../../shared/wire/gen/v1.ts"', "wire", "generated-code-at-the-edges"],
    ["broker/bus/intake.ts", '"../../shared/wire/gen/v1.ts"', "type Wire", "generated-code-at-the-edges"],
    ["agency-node/bus/sender.ts", '"../wire/gen/v1.ts"', "wire", "generated-code-at-the-edges"],
    ["broker/rpc/publish.ts", '"../../agency-node/wire/gen/v1.ts"', "wire", "plaintext-messages-in-the-node-only"],
    ["broker/rpc/publish.ts", '"../../agency-node/wire/gen/v1.ts"', "type Wire", "plaintext-messages-in-the-node-only"],
    ["shared/wire/parse.ts", '"../../agency-node/wire/gen/v1.ts"', "wire", "plaintext-messages-in-the-node-only"],
    ["deploy/demo/show.ts", '"../../agency-node/wire/gen/v1.ts"', "wire", "plaintext-messages-in-the-node-only"],
    ["agency-node/admin/desk.ts", '"../core/record.ts"', "record", "board-programs-never-see-records"],
    ["agency-node/admin/desk.ts", '"../linkage/names.ts"', "names", "board-programs-never-see-records"],
    ["agency-node/registrar/issue.ts", '"../core/record.ts"', "type Record", "board-programs-never-see-records"],
    ["agency-node/cli/commands.ts", '"../admin/proposals.ts"', "sign", "node-without-the-board"],
    ["agency-node/trust.ts", '"./registrar/keys.ts"', "keys", "node-without-the-board"],
    ["agency-node/registrar/issue.ts", '"../admin/proposals.ts"', "sign", "registrar-decides-nothing"],
    ["broker/evaluator/evaluation.ts", '"../core/matching.ts"', "match", "evaluator-without-broker"],
    ["broker/evaluator/core/batch.ts", '"../../core/matching.ts"', "match", "evaluator-without-broker"],
    ["broker/evaluator/program.ts", '"../store/ledger.ts"', "type Ledger", "evaluator-without-broker"],
    ["broker/hosted.ts", '"./evaluator/core/account.ts"', "account", "evaluator-by-its-roots"],
    ["broker/core/rules.ts", '"../evaluator/core/account.ts"', "account", "broker-core-without-evaluator"],
    ["broker/core/rules.ts", '"../../shared/world/random.ts"', "randomBytes", "broker-core-is-pure"],
    ["agency-node/core/rules.ts", '"../../shared/world/world.ts"', "type World", "agency-node-core-is-pure"],
    ["broker/writer/writer.ts", '"../../shared/world/random.ts"', "randomBytes", "world-by-its-port"],
    ["broker/writer/writer.ts", '"node:timers/promises"', "setTimeout", "world-by-its-port"],
    ["agency-node/registrar/accounts.ts", '"node:timers"', "setTimeout", "world-by-its-port"],
    ["broker/evaluator/engine.ts", '"node:perf_hooks"', "performance", "world-by-its-port"],
    ["broker/bus/intake.ts", '"nats"', "connect", "nats-behind-one-file"],
    ["broker/bus/intake.ts", '"node:sqlite"', "DatabaseSync", "one-sqlite"],
    ["broker/store/ledger.ts", '"node:sqlite"', "DatabaseSync", "one-sqlite"],
    ["agency-node/store/records.ts", '"node:sqlite"', "type DatabaseSync", "one-sqlite"],
    ["broker/console/site.ts", '"hono"', "Hono", "web-libraries-in-the-kit"],
    ["broker/console/site.ts", '"hono/html"', "html", "web-libraries-in-the-kit"],
    ["agency-node/web/site.ts", '"@hono/node-server"', "type HttpBindings", "web-libraries-in-the-kit"],
    ["agency-node/web/site.ts", '"@simplewebauthn/server"', "verifyRegistrationResponse", "web-libraries-in-the-kit"],
    ["broker/console/site.ts", '"govuk-frontend"', "initAll", "web-libraries-in-the-kit"],
    ["shared/web/site.ts", '"../../broker/main.ts"', "main", "shared-imports-neither-side"],
    ["shared/web/site.ts", '"../../agency-node/linkage/names.ts"', "names", "shared-imports-neither-side"],
    ["broker/bus/intake.ts", '"../../shared/web/pieces.ts"', "tag", "pages-only-where-they-are-served"],
    ["agency-node/core/rules.ts", '"../../shared/web/pieces.ts"', "tag", "pages-only-where-they-are-served"],
    ["shared/wire/parse.ts", '"../web/pieces.ts"', "tag", "pages-only-where-they-are-served"],
    ["broker/console/site.ts", '"../store/ledger.ts"', "ledger", "console-through-its-port"],
    ["broker/console/site.ts", '"../store/ledger.ts"', "type Ledger", "console-through-its-port"],
    ["broker/console/pages/members.ts", '"../../main.ts"', "main", "console-through-its-port"],
    ["shared/web/codes.ts", '"../world/random.ts"', "randomBytes", "kit-draws-from-its-world"],
    ["shared/web/codes.ts", '"../world/clock.ts"', "systemClock", "kit-draws-from-its-world"],
    ["shared/web/codes.ts", '"node:crypto"', "randomBytes", "kit-draws-from-its-world"],
    ["shared/web/live.ts", '"node:timers/promises"', "setTimeout", "kit-draws-from-its-world"],
    ["broker/bus/intake.ts", '"fast-check"', "assert", "no-development-dependencies"],
    ["deploy/program.ts", '"./build/bundles.ts"', "buildBundles", "only-builds-build"],
    ["shared/words/match.ts", '"../wire/gen/v1.ts"', "wire", "words-are-words"],
    ["shared/words/match.ts", '"node:fs"', "readFileSync", "words-are-words"],
    ["broker/web/page.ts", '"intl-messageformat"', "IntlMessageFormat", "messages-behind-one-file"],
    ["broker/bus/intake.ts", '"./nowhere.ts"', "nothing", "resolvable"],
  ])("refuse %s importing %s as %s", async (path, from, name, rule) => {
    write(
      "package.json",
      '{ "type": "module", "devDependencies": { "fast-check": "*" }, "dependencies": { "zod": "*" } }',
    );
    write(
      path,
      `import { ${name} } from ${from};\nexport const use = 1 as unknown as ${name.replace("type ", "typeof ")};\n`,
    );
    expect(await brokenRules()).toContain(rule);
  });

  it("refuse two modules that need each other", async () => {
    write("broker/a.ts", 'import { b } from "./b.ts";\nexport const a = (): unknown => b;\n');
    write("broker/b.ts", 'import { a } from "./a.ts";\nexport const b = (): unknown => a;\n');
    expect(await brokenRules()).toEqual(["no-cycles"]);
  });

  it("allow what each place is for", async () => {
    write("shared/crypto/sodium.ts", 'import sodium from "libsodium-wrappers";\nexport const lib = sodium;\n');
    write("shared/platform/nats.ts", 'import { connect } from "nats";\nexport const open = connect;\n');
    write("broker/rpc/publish.ts", 'import { wire } from "../../shared/wire/gen/v1.ts";\nexport const use = wire;\n');
    write(
      "shared/store/database.ts",
      'import { DatabaseSync } from "node:sqlite";\nexport const open = DatabaseSync;\n',
    );
    write("shared/web/html.ts", 'import { html } from "hono/html";\nexport const page = html;\n');
    write("broker/config.ts", 'import { one } from "../shared/web/config.ts";\nexport const use = one;\n');
    write("shared/web/config.ts", "export const one = 1;\n");
    write("shared/web/attempts.ts", 'import type { Clock } from "../world/clock.ts";\nexport type Use = Clock;\n');
    write(
      "broker/console/site.ts",
      'import { tag } from "../../shared/web/pieces.ts";\nimport { match } from "../core/matching.ts";\nexport const use = [tag, match];\n',
    );
    write(
      "broker/console-data/data.ts",
      'import type { One } from "../console/console-data.ts";\nexport type Use = One;\n',
    );
    write("broker/console/console-data.ts", "export type One = 1;\n");
    write("agency-node/web/site.ts", 'import { tag } from "../../shared/web/pieces.ts";\nexport const use = tag;\n');
    write("broker/core/rules.ts", 'import { hash } from "../../shared/crypto/hash.ts";\nexport const use = hash;\n');
    write("broker/hosted.ts", 'import { open } from "./evaluator/doors.ts";\nexport const use = open;\n');
    write("agency-node/admin/found.ts", 'import { keys } from "../registrar/keys.ts";\nexport const use = keys;\n');
    write(
      "broker/program.ts",
      'import { randomBytes } from "../shared/world/random.ts";\nexport const use = randomBytes;\n',
    );
    write("agency-node/linkage/phones.ts", 'import anyAscii from "any-ascii";\nexport const ascii = anyAscii;\n');
    expect((await checkBoundaries(root)).violations).toEqual([]);
  });

  it("are checked on every source file: what is not read is reported", async () => {
    const report = await checkBoundaries(root);
    expect(report.modules).toBe(18);
    expect(report.unread).toEqual([]);
    const empty = mkdtempSync(join(tmpdir(), "causeway-empty-"));
    expect((await checkBoundaries(empty)).modules).toBe(0);
    rmSync(empty, { recursive: true });
  });
});

describe("a core module", () => {
  it.each([
    "Date.now()",
    "Math.random()",
    "performance.now()",
    'process.env["HOME"]',
    "crypto.getRandomValues(new Uint8Array(1))",
    'fetch("http://localhost")',
    "setTimeout(() => undefined, 1)",
    "globalThis",
    'Buffer.from("x")',
  ])("may not use %s", (expression) => {
    write("shared/core/impure.ts", `export const impure = (): unknown => ${expression};\n`);
    expect(lint("shared/core/impure.ts")).toMatch(/no-restricted-(globals|properties)/);
    write("shared/world/impure.ts", `export const impure = (): unknown => ${expression};\n`);
    expect(lint("shared/world/impure.ts")).not.toContain("no-restricted");
  });
});

describe("a module of the web kit", () => {
  it.each([
    "Date.now()",
    "Math.random()",
    "performance.now()",
    "AbortSignal.timeout(1)",
    "crypto.getRandomValues(new Uint8Array(1))",
    "setTimeout(() => undefined, 1)",
  ])("may not use %s", (expression) => {
    write("shared/web/impure.ts", `export const impure = (): unknown => ${expression};\n`);
    expect(lint("shared/web/impure.ts")).toMatch(/no-restricted-(globals|properties)/);
  });

  it("may turn an instant into text", () => {
    write("shared/web/pure.ts", "export const pure = (ms: number): string => new Date(ms).toISOString();\n");
    expect(lint("shared/web/pure.ts")).not.toContain("no-restricted");
  });
});

describe("a part", () => {
  it.each([
    "Date.now()",
    "Math.random()",
    "performance.now()",
    "AbortSignal.timeout(1)",
    "setTimeout(() => undefined, 1)",
    "setImmediate(() => undefined)",
    "crypto.getRandomValues(new Uint8Array(1))",
  ])("may not use %s", (expression) => {
    for (const part of ["broker/writer", "broker/evaluator", "agency-node/registrar", "shared/web"]) {
      write(`${part}/impure.ts`, `export const impure = (): unknown => ${expression};\n`);
      expect(lint(`${part}/impure.ts`)).toMatch(/no-restricted-(globals|properties)/);
    }
  });

  it("may write down an instant that it was given, and asks nobody what time it is", () => {
    write("broker/evaluator/pure.ts", "export const pure = (ms: number): string => new Date(ms).toISOString();\n");
    expect(lint("broker/evaluator/pure.ts")).not.toContain("no-restricted");
    // The linter has no rule for it.
    const files = globSync(
      ["shared", "broker", "agency-node"].map((folder) => `${folder}/**/*.ts`),
      { cwd: ROOT },
    );
    const asks = files.filter((file) => /\bDate\(\)/.test(readFileSync(join(ROOT, file), "utf8")));
    expect(files.length).toBeGreaterThan(300);
    expect(asks).toEqual([]);
  });
});

function lint(path: string): string {
  // The overrides in the configuration are relative to where it lies.
  copyFileSync(join(ROOT, ".oxlintrc.json"), join(root, ".oxlintrc.json"));
  const oxlint = join(ROOT, "node_modules", ".bin", "oxlint");
  return spawnSync(oxlint, [path], { cwd: root, encoding: "utf8" }).stdout;
}
