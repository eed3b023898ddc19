/** Looks at a party's directory as its program will, and goes on where the program would stop at the first fault. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { z } from "zod";
import { nodeSettings, readConfig, socketPlace, workstationSettings } from "../../agency-node/config.ts";
import { registrarSettings } from "../../agency-node/registrar/config.ts";
import { brokerSettings } from "../../broker/config.ts";
import { evaluatorSettings } from "../../broker/evaluator/config.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { readPublicBytes, readPublicText, readSecret, readSecretText } from "../../shared/party/key-files.ts";
import { fileFault } from "../../shared/platform/file-faults.ts";
import { assertSocketPath } from "../../shared/platform/grpc-socket.ts";
import { readJsonFile } from "../../shared/platform/json-file.ts";
import { certificateLife } from "../../shared/platform/tls.ts";
import { nearName } from "../../shared/settings/problems.ts";
import type { Problem } from "../../shared/settings/problems.ts";
import { problemsOf, readSettings, settingsOf } from "../../shared/settings/settings.ts";
import type { Environment } from "../../shared/settings/settings.ts";

type Form = { readonly file: string; readonly schema: z.ZodType };
type PublicFile = Parameters<typeof partyFile>[1];
type Party = {
  readonly settings?: Form;
  readonly files: readonly PublicFile[];
  /** Texts such as PEM, and keys of 32 bytes. */
  readonly secretTexts: readonly string[];
  readonly secretKeys: readonly string[];
};

const PROVEN: readonly PublicFile[] = ["pin", "chain", "certificate", "roots"];
const KEY_BYTES = 32;

/** What each kind of party has, by the kind in its enrolment; registrar and workstation have none. */
const PARTIES: Readonly<Record<string, Party>> = {
  broker: {
    settings: brokerSettings,
    files: ["enrolment", ...PROVEN, "freshness"],
    secretTexts: ["keys/tls.key", "nats.creds"],
    secretKeys: ["signing.key"],
  },
  evaluator: {
    settings: evaluatorSettings,
    files: ["enrolment", ...PROVEN],
    secretTexts: ["keys/tls.key"],
    secretKeys: ["signing.key"],
  },
  node: {
    settings: nodeSettings,
    files: ["enrolment", ...PROVEN],
    secretTexts: ["keys/tls.key", "nats.creds"],
    secretKeys: ["signing.key", "sealing.key", "database.key", "conversation.key"],
  },
  workstation: {
    settings: workstationSettings,
    files: ["local"],
    secretTexts: ["keys/local.key"],
    secretKeys: [],
  },
  registrar: {
    settings: registrarSettings,
    files: PROVEN,
    secretTexts: ["keys/tls.key", "keys/ca.key"],
    secretKeys: [],
  },
  administrator: {
    files: ["enrolment", ...PROVEN],
    secretTexts: ["keys/tls.key"],
    secretKeys: ["signing.key", "sealing.key"],
  },
  nats: { files: ["enrolment", "certificate", "roots", "natsAccounts"], secretTexts: ["keys/tls.key"], secretKeys: [] },
};

/** Variables of the whole command line, and of its set-up. */
const COMMON_VARIABLES = ["CAUSEWAY_NODE_DIR", "CAUSEWAY_NATS_SERVER"];

/** Which party the directory is of, and everything that is wrong with it. Throws ENVIRONMENT, INVALID for no party's directory. */
export function checkParty(
  dir: string,
  { environment, nowMs }: { readonly environment: Environment; readonly nowMs: number },
): { readonly party: string; readonly problems: readonly Problem[] } {
  const kind = kindOf(dir);
  const party = PARTIES[kind] as Party;
  const looks = [
    () => settingProblems(dir, party, environment),
    () => unknownVariables(environment),
    ...party.files.map((file) => () => fault(partyFile(dir, file), () => readPublicBytes(partyFile(dir, file)))),
    ...party.secretTexts.map((file) => () => fault(join(dir, file), () => readSecretText(join(dir, file)))),
    ...party.secretKeys.map((name) => () => fault(keyFile(dir, name), () => readSecret(keyFile(dir, name), KEY_BYTES))),
    () => fault(dir, () => assertWritable(dir)),
    () => certificateProblems(dir, nowMs),
  ];
  return { party: kind, problems: looks.flatMap((look) => look()) };
}

function kindOf(dir: string): string {
  if (!existsSync(dir)) throw new CausewayError("ENVIRONMENT", `${dir}: there is no such directory`);
  if (!statSync(dir).isDirectory()) throw new CausewayError("ENVIRONMENT", `${dir} is a file, not a party's directory`);
  const byFile = Object.entries(PARTIES).find(([, { settings }]) => settings && existsSync(join(dir, settings.file)));
  if (byFile !== undefined) return byFile[0];
  const enrolment = partyFile(dir, "enrolment");
  const { kind } = (existsSync(enrolment) ? readJsonFile(enrolment) : {}) as { readonly kind?: string };
  if (kind !== undefined && Object.hasOwn(PARTIES, kind)) return kind;
  const names = Object.values(PARTIES).flatMap(({ settings }) => settings?.file ?? []);
  const text = `${dir} is no party's directory: it has neither enrolment.json nor ${names.join(", ")}`;
  throw new CausewayError("INVALID", text, { fields: ["dir"] });
}

function settingProblems(dir: string, { settings: form }: Party, environment: Environment): Problem[] {
  if (form === undefined) return [];
  const path = join(dir, form.file);
  try {
    const { settings, variables } = readSettings(dir, form, environment);
    const problems = [...problemsOf(form, settings, { path, variables }), ...fileProblems(dir, path, settings)];
    if (problems.length > 0 || form.file !== nodeSettings.file) return problems;
    return fault(path, () => assertSocketPath(socketPlace(readConfig(dir, environment)).path));
  } catch (error) {
    return [problemOf(path, error)];
  }
}

/** Settings that name files or directories. */
function fileProblems(dir: string, path: string, settings: unknown): Problem[] {
  const { console: site, natsServerDir } = settings as {
    readonly console?: { readonly certificate?: unknown; readonly key?: unknown };
    readonly natsServerDir?: unknown;
  };
  const named = { "console.certificate": site?.certificate, "console.key": site?.key, natsServerDir };
  return Object.entries(named).flatMap(([key, name]) => {
    if (typeof name !== "string" || existsSync(resolve(dir, name))) return [];
    return [{ key, where: path, reason: "names a file or directory that does not exist" }];
  });
}

/** A program leaves alone what it does not know; somebody who asks wants to hear of a slip. */
function unknownVariables(environment: Environment): Problem[] {
  const forms = Object.values(PARTIES).flatMap(({ settings }) => settings ?? []);
  const variables = forms.flatMap(({ schema }) => settingsOf(schema).map(({ variable }) => variable));
  const known = [...COMMON_VARIABLES, ...variables];
  return Object.keys(environment)
    .filter((name) => name.startsWith("CAUSEWAY_") && !known.includes(name))
    .map((name) => {
      const near = nearName(name, known);
      const hint = near === undefined ? "" : `: did you mean ${near}?`;
      return { key: name, where: "environment", reason: `is no setting of any program${hint}` };
    });
}

function certificateProblems(dir: string, nowMs: number): Problem[] {
  const path = partyFile(dir, "certificate");
  // That it is missing has been said.
  if (!existsSync(path)) return [];
  return fault(path, () => {
    const { fromMs, untilMs } = certificateLife(readPublicText(path));
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    if (nowMs > untilMs) throw new CausewayError("ENVIRONMENT", `${path}: the certificate ended on ${day(untilMs)}`);
    if (nowMs >= fromMs) return;
    const text = `${path}: the certificate holds from ${day(fromMs)} only: is the clock right?`;
    throw new CausewayError("ENVIRONMENT", text);
  });
}

function assertWritable(dir: string): void {
  try {
    accessSync(dir, constants.W_OK);
  } catch (error) {
    throw fileFault(dir, "cannot be written to", error);
  }
}

function fault(path: string, look: () => unknown): Problem[] {
  try {
    look();
    return [];
  } catch (error) {
    return [problemOf(path, error)];
  }
}

/** Our errors begin with the path, which stands in a field of its own here. */
function problemOf(path: string, error: unknown): Problem {
  if (!isCausewayError(error)) throw error;
  const reason = error.message.startsWith(path) ? error.message.slice(path.length).replace(/^:? /, "") : error.message;
  return { key: "", where: path, reason };
}
