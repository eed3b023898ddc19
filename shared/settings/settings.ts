/**
 * What an operator can set: one JSON file in the party's directory, and over it the environment. Every program reads its settings here, so
 * all are told in the same way what is wrong: which key, in which file or variable, and why. Values are never quoted: a secret may have
 * been put in the wrong place.
 *
 * A variable is named after its key: `natsUrl` is `CAUSEWAY_NATS_URL`, `console.listen` is `CAUSEWAY_CONSOLE__LISTEN`. An empty one is none.
 * Variables that a program does not know are left alone: several programs may share an environment.
 */
import { join } from "node:path";
import { z } from "zod";
import { CausewayError } from "../core/errors.ts";
import { isMissing, readJsonFile } from "../platform/json-file.ts";
import { problemsIn, problemText } from "./problems.ts";
import type { Problem } from "./problems.ts";

/** Which file a program's settings are in, and their form. */
export type SettingsForm<Settings> = { readonly file: string; readonly schema: z.ZodType<Settings> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** One thing that can be set. */
export type Setting = {
  /** Such as `console.listen`. */
  readonly key: string;
  /** Such as `CAUSEWAY_CONSOLE__LISTEN`. */
  readonly variable: string;
  /** As JSON Schema names it. */
  readonly type: string;
  readonly default: unknown;
  readonly isRequired: boolean;
};

type Node = {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
};

/** The settings in `dir` under those of the environment. Throws as `readSettings` and `toSettings`. */
export function settingsIn<Settings>(dir: string, form: SettingsForm<Settings>, environment: Environment): Settings {
  const { settings, variables } = readSettings(dir, form, environment);
  return judged(form, settings, join(dir, form.file), variables);
}

/** Checks settings that came from elsewhere than a file. Throws INVALID with every bad field and why. */
export function toSettings<Settings>(form: SettingsForm<Settings>, settings: unknown): Settings {
  return judged(form, settings, form.file, new Map());
}

/**
 * What was found, not yet checked, and which keys stand in a variable. Throws ENVIRONMENT for a file that cannot be read, unless the
 * environment holds settings and there is none; INVALID for one that is not JSON.
 */
export function readSettings(
  dir: string,
  form: Pick<SettingsForm<unknown>, "file" | "schema">,
  environment: Environment,
): { readonly settings: unknown; readonly variables: ReadonlyMap<string, string> } {
  const given = givenIn(form.schema, environment);
  const path = join(dir, form.file);
  const inFile = given.length > 0 && isMissing(path) ? {} : readJsonFile(path);
  let settings = inFile;
  for (const { key, value } of given) settings = withValue(settings, key.split("."), value);
  return { settings, variables: new Map(given.map(({ key, variable }) => [key, variable])) };
}

/** Everything that can be set, in the order of the schema. */
export function settingsOf(schema: z.ZodType): Setting[] {
  return leavesOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node, []);
}

/** Every problem of these settings at once; none if they are good. */
export function problemsOf(
  form: Pick<SettingsForm<unknown>, "schema">,
  settings: unknown,
  where: { readonly path: string; readonly variables: ReadonlyMap<string, string> },
): Problem[] {
  const result = form.schema.safeParse(settings);
  if (result.success) return [];
  const known = settingsOf(form.schema).map(({ key }) => key);
  return problemsIn(result.error.issues, { settings, known, ...where });
}

function judged<Settings>(
  form: SettingsForm<Settings>,
  settings: unknown,
  path: string,
  variables: ReadonlyMap<string, string>,
): Settings {
  const result = form.schema.safeParse(settings);
  if (result.success) return result.data;
  const problems = problemsOf(form, settings, { path, variables });
  const fields = [...new Set(problems.map(({ key }) => key))];
  throw new CausewayError("INVALID", problems.map(problemText).join("; "), { fields });
}

function givenIn(schema: z.ZodType, environment: Environment) {
  // Most commands have none, and then need not look at the schema.
  if (!Object.keys(environment).some((name) => name.startsWith("CAUSEWAY_"))) return [];
  return settingsOf(schema).flatMap(({ key, variable, type }) => {
    const text = environment[variable];
    return text === undefined || text === "" ? [] : [{ key, variable, value: valueOf(text, type) }];
  });
}

/** Text that is no number stays text, which the schema then refuses. */
function valueOf(text: string, type: string): unknown {
  const isNumber = type === "integer" || type === "number";
  return isNumber && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function withValue(settings: unknown, [first = "", ...rest]: readonly string[], value: unknown): unknown {
  // What is no object is left for the schema to refuse.
  if (settings !== undefined && (typeof settings !== "object" || settings === null || Array.isArray(settings))) {
    return settings;
  }
  const object = (settings ?? {}) as Readonly<Record<string, unknown>>;
  return { ...object, [first]: rest.length === 0 ? value : withValue(object[first], rest, value) };
}

function leavesOf({ properties = {}, required = [] }: Node, above: readonly string[]): Setting[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = [...above, name];
    if (node.properties !== undefined) return leavesOf(node, path);
    const { type = "string", default: byDefault } = node;
    const isRequired = above.length === 0 && required.includes(name);
    return [{ key: path.join("."), variable: variableOf(path), type, default: byDefault, isRequired }];
  });
}

function variableOf(path: readonly string[]): string {
  const words = path.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `CAUSEWAY_${words.join("__")}`;
}
