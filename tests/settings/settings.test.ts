/** What an operator can set, by file and by environment, and what is said when it is wrong. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  nodeSettings,
  readConfig,
  readWorkstationConfig,
  socketPlace,
  workstationSettings,
} from "../../agency-node/config.ts";
import { readRegistrarConfig, registrarSettings } from "../../agency-node/registrar/config.ts";
import { brokerSettings, readBrokerConfig } from "../../broker/config.ts";
import { evaluatorSettings, readEvaluatorConfig } from "../../broker/evaluator/config.ts";
import { settingsOf } from "../../shared/settings/settings.ts";

const NATS = "tls://127.0.0.1:4222";
const PROGRAMS = [
  ["broker.json", readBrokerConfig, { natsUrl: NATS, listen: "127.0.0.1:1" }],
  ["evaluator.json", readEvaluatorConfig, { listen: "127.0.0.1:1" }],
  ["registrar.json", readRegistrarConfig, { natsUrl: NATS }],
  ["node.json", readConfig, { natsUrl: NATS }],
] as const;
const FORMS = [brokerSettings, evaluatorSettings, registrarSettings, nodeSettings, workstationSettings];

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway settings é-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The message holds each part, in this order. */
const refusal = (code: string, ...parts: readonly string[]) => {
  const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join(".*");
  return expect.objectContaining({ code, message: expect.stringMatching(new RegExp(pattern)) });
};

/** For root every file is readable: it acts as the user 65534 (nobody) meanwhile. */
function withoutRoot<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

describe.each(PROGRAMS)("%s", (file, read, good) => {
  const write = (content: string): void => writeFileSync(join(dir, file), content);

  it("is read", () => {
    write(JSON.stringify(good));
    expect(read(dir, {})).toMatchObject({ dir, ...good });
  });

  it("names the setting that was probably meant, and every other fault with it", () => {
    write(JSON.stringify({ ...good, listen: 7, listn: "secret", natsurl: "secret", zzz: "secret" }));
    const attempt = (): unknown => read(dir, {});
    expect(attempt).toThrow(refusal("INVALID", join(dir, file)));
    expect(attempt).toThrow(expect.objectContaining({ fields: expect.arrayContaining(["listn", "natsurl", "zzz"]) }));
    expect(attempt).not.toThrow(/secret/);
    if (file === "broker.json" || file === "evaluator.json") {
      expect(attempt).toThrow(/listn is no setting: did you mean listen\?/);
    }
    if (file !== "evaluator.json") expect(attempt).toThrow(/natsurl is no setting: did you mean natsUrl\?/);
    expect(attempt).toThrow(/zzz is no setting(?:;|$)/);
  });

  it("says where it is no JSON, and quotes nothing of it", () => {
    write('{\n  "listen": secret\n}');
    expect(() => read(dir, {})).toThrow(refusal("INVALID", join(dir, file), "line 2, column 13"));
    expect(() => read(dir, {})).not.toThrow(/secret/);
    write('{"listen": "secret",}');
    expect(() => read(dir, {})).toThrow(refusal("INVALID", "line 1, column 21"));
    write('{"listen": "secret"');
    expect(() => read(dir, {})).toThrow(refusal("INVALID", "line 1, column 20"));
    write("");
    expect(() => read(dir, {})).toThrow(refusal("INVALID", "it is empty"));
    write("[]");
    expect(() => read(dir, {})).toThrow(refusal("INVALID", "settings must be an object"));
  });

  it("says why it cannot be read", () => {
    expect(() => read(dir, {})).toThrow(refusal("ENVIRONMENT", join(dir, file), "there is no such file (ENOENT)"));
    mkdirSync(join(dir, file));
    expect(() => read(dir, {})).toThrow(refusal("ENVIRONMENT", join(dir, file), "it is a directory (EISDIR)"));
    const plain = join(dir, "plain");
    writeFileSync(plain, "");
    expect(() => read(plain, {})).toThrow(refusal("ENVIRONMENT", join(plain, file), "(ENOTDIR)"));
  });

  it("says that this user may not read it", () => {
    write("{}");
    chmodSync(join(dir, file), 0);
    const attempt = (): unknown => withoutRoot(() => read(dir, {}));
    expect(attempt).toThrow(refusal("ENVIRONMENT", join(dir, file), "(EACCES)"));
  });
});

describe("variables", () => {
  it("count before the file, or without one", () => {
    const environment = { CAUSEWAY_NATS_URL: NATS, CAUSEWAY_WORKERS: "3", CAUSEWAY_CANARIES: "", CAUSEWAY_OTHER: "x" };
    expect(readConfig(dir, environment)).toMatchObject({ natsUrl: NATS, workers: 3, canaries: "on" });
    writeFileSync(join(dir, "node.json"), JSON.stringify({ natsUrl: "tls://other:1", workers: 1, canaries: "off" }));
    expect(readConfig(dir, environment)).toMatchObject({ natsUrl: NATS, workers: 3, canaries: "off" });
  });

  it("reach into groups", () => {
    writeFileSync(join(dir, "broker.json"), JSON.stringify({ natsUrl: NATS, listen: "127.0.0.1:1" }));
    const environment = { CAUSEWAY_CONSOLE__LISTEN: "127.0.0.1:2", CAUSEWAY_STREAMS__REPLICAS: "3" };
    expect(readBrokerConfig(dir, environment)).toMatchObject({
      listen: "127.0.0.1:1",
      console: { listen: "127.0.0.1:2" },
      streams: { replicas: 3, deliveryBytesMax: 256 * 1024 ** 2 },
    });
  });

  it("are named when they are wrong", () => {
    const environment = { CAUSEWAY_NATS_URL: "nats://user:secret@host:1", CAUSEWAY_WORKERS: "many" };
    const attempt = (): unknown => readConfig(dir, environment);
    expect(attempt).toThrow(refusal("INVALID", "CAUSEWAY_NATS_URL: natsUrl must be tls://host:port"));
    expect(attempt).toThrow(refusal("INVALID", "CAUSEWAY_WORKERS: workers must be a"));
    expect(attempt).not.toThrow(/secret|many/);
  });
});

describe("workstation.json", () => {
  const write = (settings: object): void => writeFileSync(join(dir, "workstation.json"), JSON.stringify(settings));

  it("holds the node's address, and its key as people read it out", () => {
    write({ node: "node.example:7440", nodeKey: "AB CD ".repeat(16) });
    expect(readWorkstationConfig(dir, {})).toEqual({ node: "node.example:7440", nodeKey: "abcd".repeat(16) });
  });

  it("names each bad field, and no value", () => {
    write({ node: "secret", nodeKey: "secret" });
    const attempt = (): unknown => readWorkstationConfig(dir, {});
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID", fields: ["node", "nodeKey"] }));
    expect(attempt).not.toThrow(/secret/);
  });
});

describe("the socket of a node", () => {
  const placeWith = (settings: object) => {
    writeFileSync(join(dir, "node.json"), JSON.stringify({ natsUrl: NATS, ...settings }));
    return socketPlace(readConfig(dir, {}));
  };

  it("is in its directory, for its own user only, unless the settings say otherwise", () => {
    expect(placeWith({})).toEqual({ path: join(dir, "node.sock") });
    expect(placeWith({ socket: "/run/causeway/north.sock", socketGroup: "4711" })).toEqual({
      path: "/run/causeway/north.sock",
      group: 4711,
    });
  });

  it("is given to a group of the machine by its name, and to none that there is not", () => {
    const [, name, number] = /^([A-Za-z0-9_][A-Za-z0-9_.-]*):[^:]*:([0-9]+):/m.exec(
      readFileSync("/etc/group", "utf8"),
    )!;
    expect(placeWith({ socketGroup: name })).toMatchObject({ group: Number(number) });
    const attempt = (): unknown => placeWith({ socketGroup: "no-such-group-here" });
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID", fields: ["socketGroup"] }));
  });
});

describe("docs/operations.md", () => {
  it("lists every setting with its variable and default", () => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "operations.md"), "utf8");
    const listed = [...text.matchAll(/^\| (`[a-z]+\.json` \| `[A-Za-z.]+` \| `CAUSEWAY_[A-Z_]+` \| [^|]+) \|/gm)];
    const wanted = FORMS.flatMap(({ file, schema }) =>
      settingsOf(schema).map(({ key, variable, isRequired, default: byDefault }) => {
        const shown = isRequired
          ? "needed"
          : byDefault === undefined
            ? "–"
            : `\`${typeof byDefault === "string" ? byDefault : JSON.stringify(byDefault)}\``;
        return `\`${file}\` | \`${key}\` | \`${variable}\` | ${shown}`;
      }),
    );
    expect(listed.map(([, row]) => row)).toEqual(wanted);
  });
});
