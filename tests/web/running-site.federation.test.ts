/** A site with a certificate of its own, what keeps one from starting, and what it takes from its world. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SiteConfig } from "../../shared/web/config.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { HYBRID_KEY_EXCHANGE } from "../../shared/platform/tls.ts";
import { KEEPER, startOrchard } from "./orchard.ts";
import type { TestOptions } from "./test-site.ts";
import { Visitor } from "./visitor.ts";

let dir: string;
let ca: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "causeway-site-"));
  const nowMs = Date.now();
  const authority = await createAuthority({ federation: new Uint8Array(16).fill(7), nowMs });
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const identity = { kind: "broker" } as const;
  writeFileSync(
    join(dir, "site.crt"),
    await issueCertificate({ authority, requestPem, identity, hosts: ["localhost"], nowMs }),
  );
  writeFileSync(join(dir, "site.key"), privateKeyPem, { mode: 0o600 });
  ca = authority.certificatePem;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HTTPS: SiteConfig = { listen: "127.0.0.1:0", certificate: "site.crt", key: "site.key" };

function options(config: SiteConfig): TestOptions {
  return {
    config,
    dir,
    databasePath: join(dir, "site.sqlite"),
    world: systemWorld(silentLog),
  };
}

async function post(url: string, form: Record<string, string>): Promise<IncomingMessage> {
  const headers = { origin: new URL(url).origin, "content-type": "application/x-www-form-urlencoded" };
  const sent = request(url, { method: "POST", ca, headers });
  sent.end(new URLSearchParams(form).toString());
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response;
}

describe("with a certificate", () => {
  it("speaks TLS 1.3, and gives a cookie that belongs to this host and to https alone", async () => {
    await using site = await startOrchard(options(HTTPS));
    expect(site.origin).toBe(`https://localhost:${site.port}`);
    const { code } = site.issueCode(KEEPER);
    const response = await post(`${site.origin}/sign-in`, { code });
    expect(response.statusCode).toBe(303);
    const socket = response.socket as TLSSocket;
    expect(socket.getProtocol()).toBe("TLSv1.3");
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: HYBRID_KEY_EXCHANGE });
    expect(response.headers["strict-transport-security"]).toContain("max-age=31536000");
    const [cookie = ""] = response.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^__Host-orchard-session=/);
    expect(cookie).toMatch(/Secure/);
    expect(cookie).not.toMatch(/Domain/);
  });
});

describe("a site does not start", () => {
  const refused = expect.objectContaining({ code: "ENVIRONMENT" });

  it("with a key that others can read", async () => {
    chmodSync(join(dir, "site.key"), 0o644);
    await expect(startOrchard(options(HTTPS))).rejects.toEqual(refused);
  });

  it("without the certificate it was promised", async () => {
    await expect(startOrchard(options({ ...HTTPS, certificate: "elsewhere.crt" }))).rejects.toEqual(refused);
  });

  it("with a certificate and key that are none, or do not belong together", async () => {
    writeFileSync(join(dir, "site.crt"), "not a certificate");
    await expect(startOrchard(options(HTTPS))).rejects.toEqual(refused);
  });

  it("on a port that is taken, and leaves the accounts free for the next try", async () => {
    await using first = await startOrchard(options({ listen: "127.0.0.1:0" }));
    const second = { ...options({ listen: `127.0.0.1:${first.port}` }), databasePath: join(dir, "second.sqlite") };
    await expect(startOrchard(second)).rejects.toEqual(refused);
    await using third = await startOrchard({ ...second, config: { listen: "127.0.0.1:0" } });
    expect(third.port).not.toBe(first.port);
  });
});

describe("the file of accounts", () => {
  it("is opened by one process only, and not by one of another version", async () => {
    const refused = expect.objectContaining({
      code: "ENVIRONMENT",
      message: expect.stringContaining("orchard's accounts"),
    });
    const plain = options({ listen: "127.0.0.1:0" });
    {
      await using first = await startOrchard(plain);
      expect(first.port).toBeGreaterThan(0);
      await expect(startOrchard(plain)).rejects.toEqual(refused);
    }
    const database = new DatabaseSync(plain.databasePath);
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(startOrchard(plain)).rejects.toEqual(refused);
  });
});

describe("a site's world", () => {
  /** The same bytes in each run. */
  function seeded(clock: () => number): TestOptions {
    let drawn = 0;
    const randomBytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => (drawn += 7));
    const world = { ...systemWorld(silentLog), randomBytes, clock };
    return { ...options({ listen: "127.0.0.1:0" }), databasePath: ":memory:", world };
  }

  async function signIn(clock: () => number): Promise<unknown> {
    await using site = await startOrchard(seeded(clock));
    const issued = site.issueCode(KEEPER);
    const visitor = new Visitor(site.origin);
    await visitor.post("/sign-in", { code: issued.code });
    const challenge = await (await visitor.postJson("/sign-in/passkey/options", {})).json();
    return { issued, cookie: visitor.cookie, challenge };
  }

  it("gives all its randomness and all its time: the same world gives the same codes, cookies and challenges", async () => {
    const first = await signIn(() => 1_000);
    expect(await signIn(() => 1_000)).toEqual(first);
    expect(first).toMatchObject({ issued: { validUntilMs: 601_000 }, challenge: { challenge: expect.any(String) } });
    expect(await signIn(() => 2_000)).not.toEqual(first);
  });
});
