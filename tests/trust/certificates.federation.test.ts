// oxlint-disable-next-line import/no-unassigned-import -- before @peculiar/x509 loads
import "../../shared/platform/reflect-metadata.ts";
import { createServer, connect as tlsConnect } from "node:tls";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Admit } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { identityOfCertificate } from "../../shared/platform/tls.ts";
import { memberIdentity } from "../../shared/platform/standing.ts";
import { createAuthority, issueCertificate } from "../../shared/platform/certificates.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { foundSample } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";

let sample: SampleFederation;
beforeAll(async () => {
  sample = await foundSample(Date.now());
});
afterAll(() => sample?.[Symbol.dispose]());

const identityOf = (slug: string): PeerIdentity => {
  const { federation, members } = sample.founded;
  return memberIdentity(federation.members.get(members.get(slug) as MemberId) as Admit);
};

describe("a certificate", () => {
  it("of each party lets it serve and call over mutual TLS 1.3, and of nobody else's authority", async () => {
    const broker = readTls(sample.dir("broker"));
    const server = createServer({
      key: broker.privateKeyPem,
      cert: broker.certificatePem,
      ca: broker.rootsPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
    });
    const seen: (PeerIdentity | undefined)[] = [];
    server.on("secureConnection", (socket) => {
      seen.push(identityOfCertificate(new Uint8Array(socket.getPeerCertificate().raw)));
      socket.end("welcome");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const call = async (key: string, cert: string): Promise<string> => {
      const socket = tlsConnect({ port, host: "127.0.0.1", servername: "localhost", ca: broker.rootsPem, key, cert });
      let text = "";
      socket.on("data", (data) => (text += String(data)));
      // A server that refuses a certificate under TLS 1.3 does so after the client's handshake: an alert, or just the end.
      await once(socket, "close");
      return text;
    };
    const harbour = readTls(sample.dir("harbour"));
    expect(await call(harbour.privateKeyPem, harbour.certificatePem)).toBe("welcome");
    expect(seen).toEqual([identityOf("harbour")]);
    const authority = await createAuthority({ federation: randomBytes(16), nowMs: Date.now() });
    const requestPem = readEnrolment(sample.dir("harbour")).enrolment.tlsRequestPem as string;
    const identity = identityOf("harbour");
    const foreign = await issueCertificate({ authority, requestPem, identity, hosts: [], nowMs: Date.now() });
    expect(await call(harbour.privateKeyPem, foreign).catch(() => "")).toBe("");
    expect(seen.length).toBe(1);
    server.close();
    await once(server, "close");
  });
});
