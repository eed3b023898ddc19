/** `causeway config check`: one look that names everything. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ensureLocalKey } from "../../agency-node/disk/local-key.ts";
import { checkParty } from "../../deploy/config/check.ts";
import { initAdministrator, initNode } from "../../shared/party/new-party.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;

/** What is removed afterwards: exactly what `mkdtemp` made, never a path put together from another. */
let made: string;
let party: string;

beforeEach(() => {
  made = mkdtempSync(join(tmpdir(), "causeway-check-"));
  party = join(made, "party");
});
afterEach(() => rmSync(made, { recursive: true, force: true }));

const check = (dir: string, environment = {}, nowMs = NOW) => checkParty(dir, { environment, nowMs });

it("names settings, variables, files and permissions at once", async () => {
  await initNode(party, { name: "Invented unit" });
  const settings = join(party, "node.json");
  writeFileSync(settings, JSON.stringify({ natsUrl: "nats://user:secret@host:1", wrkers: "x", listen: "x" }));
  chmodSync(join(party, "keys", "signing.key"), 0o644);
  const found = check(party, { CAUSEWAY_CANARIES: "perhaps", CAUSEWAY_LISTN: "x", CAUSEWAY_NODE_DIR: party });
  const slip = "is no setting of any program: did you mean CAUSEWAY_LISTEN?";
  expect(found.party).toBe("node");
  expect(found.problems).toEqual(
    expect.arrayContaining([
      { key: "natsUrl", where: settings, reason: "must be tls://host:port, or several separated by commas" },
      { key: "wrkers", where: settings, reason: "is no setting: did you mean workers?" },
      { key: "listen", where: settings, reason: "is no setting: did you mean workstations.listen?" },
      { key: "canaries", where: "CAUSEWAY_CANARIES", reason: "must be on or off" },
      { key: "CAUSEWAY_LISTN", where: "environment", reason: slip },
      { key: "", where: join(party, "chain.bin"), reason: expect.stringContaining("ENOENT") },
      { key: "", where: join(party, "nats.creds"), reason: expect.stringContaining("is missing") },
      { key: "", where: join(party, "keys", "signing.key"), reason: expect.stringContaining("chmod 600") },
    ]),
  );
  expect(JSON.stringify(found.problems)).not.toMatch(/secret|perhaps/);
});

it("names a socket that the system does not take, and a group that there is not", async () => {
  await initNode(party, { name: "Invented unit" });
  const settings = join(party, "node.json");
  const write = (socket: object): void =>
    writeFileSync(settings, JSON.stringify({ natsUrl: "tls://127.0.0.1:4222", ...socket }));
  write({ socket: `/${"d".repeat(120)}/node.sock` });
  const long = { key: "", where: settings, reason: expect.stringContaining("choose a shorter one") };
  expect(check(party).problems).toContainEqual(long);
  write({ socketGroup: "no-such-group-here" });
  const group = { key: "", where: settings, reason: expect.stringContaining("socketGroup is no group") };
  expect(check(party).problems).toContainEqual(group);
});

it("knows a workstation's directory", async () => {
  mkdirSync(party, { mode: 0o700 });
  writeFileSync(
    join(party, "workstation.json"),
    JSON.stringify({ node: "node.example:7440", nodeKey: "ab".repeat(32) }),
  );
  await ensureLocalKey(party, NOW);
  expect(check(party)).toEqual({ party: "workstation", problems: [] });
  chmodSync(join(party, "keys", "local.key"), 0o640);
  expect(check(party).problems).toEqual([
    { key: "", where: join(party, "keys", "local.key"), reason: expect.stringContaining("chmod 600") },
  ]);
});

it("says since when a certificate does not hold", async () => {
  await initAdministrator(party, { name: "Invented administrator" });
  const authority = await createAuthority({ federation: new Uint8Array(16), nowMs: NOW });
  const { requestPem } = await createTlsRequest();
  const identity = { kind: "broker" } as const;
  const certificate = await issueCertificate({
    authority,
    requestPem,
    identity,
    hosts: [],
    nowMs: NOW,
    lifeMs: DAY_MS,
  });
  const path = join(party, "tls.crt");
  writeFileSync(path, certificate);
  const said = (nowMs: number) => check(party, {}, nowMs).problems.filter(({ where }) => where === path);
  expect(said(NOW + DAY_MS / 2)).toEqual([]);
  expect(said(NOW + 2 * DAY_MS)).toEqual([expect.objectContaining({ reason: "the certificate ended on 2026-06-02" })]);
  expect(said(NOW - DAY_MS)).toEqual([
    expect.objectContaining({ reason: expect.stringContaining("from 2026-06-01 only") }),
  ]);
});

it("refuses what is no party's directory", () => {
  expect(() => check(party)).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
  expect(() => check(made)).toThrow(expect.objectContaining({ code: "INVALID" }));
});
