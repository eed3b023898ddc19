/** Enrolment, certificates and bundles: what is believed of what somebody hands over. */
// oxlint-disable-next-line import/no-unassigned-import -- before @peculiar/x509 loads
import "../../shared/platform/reflect-metadata.ts";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "@nats-io/jwt";
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foundFederation } from "../../agency-node/admin/found.ts";
import { prepareRoot, readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { readTls } from "../../shared/party/tls.ts";
import { parseEnrolment, readEnrolment } from "../../shared/party/enrolment.ts";
import { partyFile } from "../../shared/party/files.ts";
import { installBundle } from "../../shared/party/install.ts";
import { initNode } from "../../shared/party/new-party.ts";
import {
  certificateDer,
  certificateLife,
  identityOfCertificate,
  identityUri,
  isIssuedUnder,
  rootLife,
} from "../../shared/platform/tls.ts";
import { memberIdentity } from "../../shared/platform/standing.ts";
import { createAuthority, issueCertificate } from "../../shared/platform/certificates.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { enrolAll, foundSample } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";

/** Certificates are checked against the real clock. */
const NOW_MS = Date.now();

const DAY_MS = 86_400_000;
let sample: SampleFederation;
beforeAll(async () => {
  sample = await foundSample(NOW_MS);
});
afterAll(() => sample?.[Symbol.dispose]());

const refusal = (code: string) => expect.objectContaining({ code });
const identityOf = (slug: string): PeerIdentity => {
  const { federation, members } = sample.founded;
  return memberIdentity(federation.members.get(members.get(slug) as MemberId) as Admit);
};

describe("an enrolment", () => {
  const text = (): string => readFileSync(partyFile(sample.dir("harbour"), "enrolment"), "utf8");

  it("holds nothing secret, and is proven by its own key", () => {
    const { enrolment, fingerprint } = parseEnrolment(text());
    expect(enrolment.kind).toBe("node");
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    for (const name of ["signing.key", "sealing.key", "database.key", "conversation.key"]) {
      expect(text()).not.toContain(toHex(new Uint8Array(readFileSync(join(sample.dir("harbour"), "keys", name)))));
    }
    expect(text()).not.toContain(readFileSync(join(sample.dir("harbour"), "keys", "nats.seed"), "utf8"));
  });

  it("that was changed on the way is refused, or has another fingerprint", () => {
    const other = readEnrolment(sample.dir("border")).enrolment;
    const mine = JSON.parse(text()) as Record<string, unknown>;
    for (const change of [
      { name: "Somebody else" },
      { sealingKey: toHex(other.sealingKey as Uint8Array) },
      { natsKey: other.natsKey },
      { signingKey: toHex(other.signingKey) },
    ]) {
      expect(() => parseEnrolment(JSON.stringify({ ...mine, ...change }))).toThrow(refusal("UNPROVEN"));
    }
    expect(() => parseEnrolment(JSON.stringify({ ...mine, extra: 1 }))).toThrow(refusal("INVALID"));
    expect(readEnrolment(sample.dir("border")).fingerprint).not.toBe(readEnrolment(sample.dir("harbour")).fingerprint);
  });

  it("is made once: keys are never overwritten", async () => {
    await expect(initNode(sample.dir("harbour"), { name: "again" })).rejects.toThrow(refusal("CONFLICT"));
  });
});

describe("a certificate", () => {
  it("names the identity that the board chose, whatever the request asks for", async () => {
    const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const victim = identityOf("border");
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: [{ CN: [identityUri(victim)] }],
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: [new SubjectAlternativeNameExtension([{ type: "url", value: identityUri(victim) }])],
    });
    const authority = await createAuthority({ federation: randomBytes(16), nowMs: NOW_MS });
    const identity = identityOf("harbour");
    const requestPem = request.toString("pem");
    const certificate = await issueCertificate({ authority, requestPem, identity, hosts: [], nowMs: NOW_MS });
    expect(identityOfCertificate(certificateDer(certificate))).toEqual(identity);
    expect(Buffer.from(certificateDer(certificate)).includes(identityUri(victim))).toBe(false);
  });

  it("is not issued for a request that its key did not sign, or for a weak key", async () => {
    const authority = await createAuthority({ federation: randomBytes(16), nowMs: NOW_MS });
    const issue = (requestPem: string) =>
      issueCertificate({ authority, requestPem, identity: { kind: "broker" }, hosts: [], nowMs: NOW_MS });
    const pem = readEnrolment(sample.dir("harbour")).enrolment.tlsRequestPem as string;
    const der = Buffer.from(pem.split("\n").slice(1, -2).join(""), "base64");
    der[der.length - 1] = (der.at(-1) as number) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
    await expect(issue(forged)).rejects.toThrow(refusal("UNPROVEN"));
    const rsa = {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 1024,
      publicExponent: Uint8Array.of(1, 0, 1),
    };
    const keys = await webcrypto.subtle.generateKey(rsa, true, ["sign", "verify"]);
    const weak = await Pkcs10CertificateRequestGenerator.create({ name: [{ CN: ["x"] }], keys, signingAlgorithm: rsa });
    await expect(issue(weak.toString("pem"))).rejects.toThrow(refusal("INVALID"));
    await expect(issue("nonsense")).rejects.toThrow(refusal("INVALID"));
  });

  it("stands for nobody unless it has exactly one URI, written as we write it", () => {
    const id = "ab".repeat(16);
    const keyId = "cd".repeat(16);
    const uri = `URI:causeway:member:${id}:${keyId}`;
    expect(identityOfCertificate(uri)).toEqual({ kind: "member", member: id, keyId });
    expect(identityOfCertificate(`${uri}, DNS:localhost, IP Address:127.0.0.1`)).toEqual(identityOfCertificate(uri));
    expect(identityOfCertificate(`URI:causeway:evaluator:key-office:${keyId}`)).toEqual({
      kind: "evaluator",
      name: "key-office",
      keyId,
    });
    for (const names of [
      "",
      "DNS:localhost",
      uri.replace("URI", "DNS"),
      `${uri}, URI:causeway:broker`,
      `${uri}, ${uri}`,
      uri.replace(id, id.toUpperCase()),
      `${uri}0`,
      uri.replace("URI:", "URI: "),
      `URI:causeway:member:${id}`,
      `URI:causeway:member:${keyId}:`,
      "URI:causeway:broker:x",
      "URI:Causeway:broker",
      "URI:causeway:evaluator:key-office",
      `URI:causeway:evaluator::${keyId}`,
      'DNS:"x, URI:causeway:broker"',
    ]) {
      expect(identityOfCertificate(names)).toBeUndefined();
    }
    expect(identityOfCertificate(randomBytes(100))).toBeUndefined();
  });
});

describe("founding", () => {
  it("happens once in an administrator's directory, and with distinct names", async () => {
    await expect(foundFederation({ ...sample.plan, outDir: join(sample.root, "out2") })).rejects.toThrow(
      refusal("CONFLICT"),
    );
    const { root, plan } = await enrolAll();
    const [first, second] = plan.members as [(typeof plan.members)[0], (typeof plan.members)[0]];
    const named = { ...first, terms: { ...first.terms, slug: "broker" } };
    await expect(foundFederation({ ...plan, members: [named, second] })).rejects.toThrow(refusal("INVALID"));
    rmSync(root, { recursive: true });
  });

  it("leaves the board's own secrets with the registrar alone, and closed", () => {
    for (const name of ["ca.key", "freshness.key", "nats-operator.seed", "nats-federation.seed", "nats-system.seed"]) {
      expect(statSync(join(sample.founded.registrarDir, "keys", name)).mode & 0o777).toBe(0o600);
      for (const dir of sample.plan.administratorDirs) expect(() => statSync(join(dir, "keys", name))).toThrow();
    }
  });

  it("gives each administrator and the registrar a certificate, in their own directories", () => {
    const identityIn = (dir: string) => identityOfCertificate(certificateDer(readTls(dir).certificatePem));
    for (const dir of sample.plan.administratorDirs) {
      const { signingKey } = readEnrolment(dir).enrolment;
      expect(identityIn(dir)).toEqual({ kind: "administrator", keyId: toHex(keyId(signingKey)) });
    }
    expect(identityIn(sample.founded.registrarDir)).toEqual({ kind: "registrar" });
  });

  it("gives users of NATS a month", () => {
    const jwt = readFileSync(partyFile(sample.founded.bundles.get("harbour") as string, "userJwt"), "utf8").trim();
    expect(decode(jwt).exp).toBe(Math.floor(NOW_MS / 1_000) + 30 * 86_400);
  });

  it("gives no party a secret of another: the bundles hold none", () => {
    for (const bundle of sample.founded.bundles.values()) {
      for (const name of ["nats.jwt", "tls.crt", "roots.pem", "nats.json"]) {
        let text = "";
        try {
          text = readFileSync(join(bundle, name), "utf8");
        } catch {
          continue;
        }
        expect(text).not.toMatch(/PRIVATE KEY|S[UAO][A-Z2-7]{56}/);
      }
    }
  });
});

describe("a bundle", () => {
  const install = (changes: Partial<Parameters<typeof installBundle>[0]>) => () =>
    installBundle({
      partyDir: sample.dir("harbour"),
      bundleDir: sample.founded.bundles.get("harbour") as string,
      fingerprint: sample.founded.fingerprint,
      nowMs: NOW_MS,
      ...changes,
    });

  /** The harbour unit's bundle with one file taken from elsewhere. */
  function mixed(file: Parameters<typeof partyFile>[1], from: string | Uint8Array): string {
    const dir = mkdtempSync(join(tmpdir(), "causeway-bundle-"));
    for (const name of ["chain", "freshness", "certificate", "userJwt"] as const) {
      copyFileSync(partyFile(sample.founded.bundles.get("harbour") as string, name), partyFile(dir, name));
    }
    if (typeof from === "string") copyFileSync(partyFile(from, file), partyFile(dir, file));
    else writeFileSync(partyFile(dir, file), from);
    return dir;
  }

  it("is installed again without harm, and tells the party who it is", () => {
    expect(install({})().identity).toEqual(identityOf("harbour"));
  });

  it("is refused under another fingerprint, when out of date, or by another party", () => {
    expect(install({ fingerprint: randomBytes(32) })).toThrow(refusal("UNPROVEN"));
    expect(install({ nowMs: NOW_MS + 25 * 3_600_000 })).toThrow(refusal("OUT_OF_SEQUENCE"));
    expect(install({ partyDir: sample.dir("border") })).toThrow(refusal("UNPROVEN"));
  });

  it("is refused with another's certificate or NATS user", () => {
    const border = sample.founded.bundles.get("border") as string;
    for (const file of ["certificate", "userJwt"] as const) {
      const bundleDir = mixed(file, border);
      expect(install({ bundleDir })).toThrow(refusal("UNPROVEN"));
      rmSync(bundleDir, { recursive: true });
    }
  });

  it("is refused with a certificate by another authority for the same key and name", async () => {
    const authority = await createAuthority({ federation: randomBytes(16), nowMs: NOW_MS });
    const requestPem = readEnrolment(sample.dir("harbour")).enrolment.tlsRequestPem as string;
    const identity = identityOf("harbour");
    const foreign = await issueCertificate({ authority, requestPem, identity, hosts: [], nowMs: NOW_MS });
    const bundleDir = mixed("certificate", new TextEncoder().encode(foreign));
    expect(install({ bundleDir })).toThrow(refusal("UNPROVEN"));
    rmSync(bundleDir, { recursive: true });
  });

  it("is refused with a certificate of the federation's own authority for our key and another's name", async () => {
    const { authority } = readRegistrarKeys(sample.founded.registrarDir);
    const requestPem = readEnrolment(sample.dir("harbour")).enrolment.tlsRequestPem as string;
    const identity = identityOf("border");
    const misnamed = await issueCertificate({ authority, requestPem, identity, hosts: [], nowMs: NOW_MS });
    const bundleDir = mixed("certificate", new TextEncoder().encode(misnamed));
    expect(install({ bundleDir })).toThrow(refusal("UNPROVEN"));
    rmSync(bundleDir, { recursive: true });
  });

  it("is refused with a chain cut short, because the freshness statement knows better", () => {
    const bytes = new Uint8Array(readFileSync(partyFile(sample.dir("harbour"), "chain")));
    const view = new DataView(bytes.buffer);
    let end = 0;
    for (let next = 0; next < bytes.length; next += 4 + view.getUint32(next)) end = next;
    const bundleDir = mixed("chain", bytes.slice(0, end));
    expect(install({ bundleDir })).toThrow(refusal("OUT_OF_SEQUENCE"));
    rmSync(bundleDir, { recursive: true });
  });
});

describe("the TLS root that follows", () => {
  const rootAt = (file: string): Uint8Array => certificateDer(readFileSync(file, "utf8"));

  it("is one until the board has signed it, and is issued under from then on", async () => {
    using own = await foundSample(NOW_MS);
    const { federation, registrarDir } = own.founded;
    const { found } = federation;
    const first = found.tlsRoots[0] as Uint8Array;
    const file = await prepareRoot(registrarDir, federation, NOW_MS);
    expect(await prepareRoot(registrarDir, federation, NOW_MS)).toBe(file);
    const next = rootAt(file);
    const issuedUnder = async (root: Uint8Array): Promise<string> => {
      const { authority } = readRegistrarKeys(registrarDir, root);
      const requestPem = readEnrolment(own.dir("harbour")).enrolment.tlsRequestPem as string;
      const identity: PeerIdentity = { kind: "broker" };
      return await issueCertificate({ authority, requestPem, identity, hosts: [], nowMs: NOW_MS + 9.5 * 365 * DAY_MS });
    };
    const [old, fresh] = [await issuedUnder(first), await issuedUnder(next)];
    expect([isIssuedUnder(first, old), isIssuedUnder(next, old)]).toEqual([true, false]);
    expect([isIssuedUnder(first, fresh), isIssuedUnder(next, fresh)]).toEqual([false, true]);
    // No certificate outlives its root.
    expect(certificateLife(old).untilMs).toBe(rootLife(first).untilMs);
    const both = { ...federation, found: { ...found, tlsRoots: [first, next] } };
    expect(await prepareRoot(registrarDir, both, NOW_MS)).not.toBe(file);
    expect(() => readRegistrarKeys(registrarDir, randomBytes(40))).toThrow(refusal("ENVIRONMENT"));
  });
});
