/** The console with a certificate of its own, and what keeps it from starting. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startConsole } from "../../broker/console/console.ts";
import type { ConsoleOptions } from "../../broker/console/console.ts";
import type { SiteConfig } from "../../shared/web/config.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { InventedBroker } from "./invented-broker.ts";
import { ADMINISTRATOR } from "./test-console.ts";

let dir: string;
let ca: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "causeway-console-"));
  const nowMs = Date.now();
  const authority = await createAuthority({ federation: new Uint8Array(16).fill(7), nowMs });
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const identity = { kind: "broker" } as const;
  writeFileSync(
    join(dir, "console.crt"),
    await issueCertificate({ authority, requestPem, identity, hosts: ["localhost"], nowMs }),
  );
  writeFileSync(join(dir, "console.key"), privateKeyPem, { mode: 0o600 });
  ca = authority.certificatePem;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HTTPS: SiteConfig = { listen: "127.0.0.1:0", certificate: "console.crt", key: "console.key" };

function options(config: SiteConfig): ConsoleOptions {
  return {
    config,
    dir,
    data: new InventedBroker(),
    databasePath: join(dir, "console.sqlite"),
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
    await using console = await startConsole(options(HTTPS));
    expect(console.origin).toBe(`https://localhost:${console.port}`);
    const { code } = console.issueCode(ADMINISTRATOR);
    const response = await post(`${console.origin}/sign-in`, { code });
    expect(response.statusCode).toBe(303);
    expect((response.socket as TLSSocket).getProtocol()).toBe("TLSv1.3");
    expect(response.headers["strict-transport-security"]).toContain("max-age=31536000");
    const [cookie = ""] = response.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^__Host-causeway-session=/);
    expect(cookie).toMatch(/Secure/);
    expect(cookie).not.toMatch(/Domain/);
  });
});

describe("the console does not start", () => {
  const refused = expect.objectContaining({ code: "ENVIRONMENT" });

  it("with a key that others can read", async () => {
    chmodSync(join(dir, "console.key"), 0o644);
    await expect(startConsole(options(HTTPS))).rejects.toEqual(refused);
  });

  it("without the certificate it was promised", async () => {
    await expect(startConsole(options({ ...HTTPS, certificate: "elsewhere.crt" }))).rejects.toEqual(refused);
  });

  it("with a certificate and key that are none, or do not belong together", async () => {
    writeFileSync(join(dir, "console.crt"), "not a certificate");
    await expect(startConsole(options(HTTPS))).rejects.toEqual(refused);
  });

  it("on a port that is taken, and leaves the accounts free for the next try", async () => {
    await using first = await startConsole(options({ listen: "127.0.0.1:0" }));
    const second = { ...options({ listen: `127.0.0.1:${first.port}` }), databasePath: join(dir, "second.sqlite") };
    await expect(startConsole(second)).rejects.toEqual(refused);
    await using third = await startConsole({ ...second, config: { listen: "127.0.0.1:0" } });
    expect(third.port).not.toBe(first.port);
  });
});
