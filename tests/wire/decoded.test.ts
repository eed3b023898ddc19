/** What gRPC has decoded is read as it is: the bytes that a signature covers are those that came, and nothing is encoded to be read. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concat, toHex } from "../../shared/core/bytes.ts";
import { signersOf } from "../../shared/core/chain.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import { invitationKeys, openInvitation, signInvitation } from "../../shared/wire/board.ts";
import {
  decodeSignedDirective,
  encodeSignedDirective,
  readMemberKey,
  readSignedDirective,
  readSignedFreshness,
} from "../../shared/wire/directive.ts";
import { signedBytes } from "../../shared/wire/envelope.ts";
import { SignedDirective } from "../../shared/wire/gen/causeway/v1/federation.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { InventedBroker } from "../console/invented-broker.ts";
import { BOARD, seatOf, signerOf } from "../console/invented-federation.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** The first field of a directive: the federation, 16 bytes with tag and length. */
const FIRST_FIELD_BYTES = 18;

const broker = new InventedBroker();
const federation = broker.state.id;
const [name] = BOARD;

function signed(payload: Uint8Array): SignedDirective {
  const signer = signerOf(name);
  const signature = signPayload({ type: "directive", federation, payload, secretKey: signer.secretKey });
  return { payload, signatures: [{ keyId: keyId(signer.publicKey), signature }] };
}

/** As a gRPC client hands it over. */
function throughGrpc(message: SignedDirective): SignedDirective {
  return SignedDirective.decode(Buffer.from(SignedDirective.encode(SignedDirective.fromPartial(message)).finish()));
}

describe("a signed directive from gRPC", () => {
  const { payload } = broker.signed[0]!;

  it("is what the same bytes from a file are", () => {
    const message = throughGrpc(signed(payload));
    expect(readSignedDirective(message)).toEqual(decodeSignedDirective(encodeSignedDirective(message)));
  });

  it("is verified over the payload as it came, in whatever order its fields stand", () => {
    const turned = concat(payload.subarray(FIRST_FIELD_BYTES), payload.subarray(0, FIRST_FIELD_BYTES));
    const read = readSignedDirective(throughGrpc(signed(turned)));
    expect(toHex(read.payload)).toBe(toHex(turned));
    expect(read.directive).toEqual(readSignedDirective(throughGrpc(signed(payload))).directive);
    expect(signersOf(read, [seatOf(name)], federation).size).toBe(1);
    expect(signersOf({ ...read, payload }, [seatOf(name)], federation).size).toBe(0);
  });

  it("is refused with anything that its fields do not account for, and where it is absent", () => {
    const zeros = signed(concat(payload, new Uint8Array(2)));
    const unknown = SignedDirective.decode(
      concat(SignedDirective.encode(signed(payload)).finish(), Uint8Array.of(0x7a, 1, 7)),
    );
    for (const message of [zeros, unknown, { payload, signatures: [] }, undefined]) {
      expect(() => readSignedDirective(message)).toThrow(expect.objectContaining({ code: "INVALID" }));
    }
    expect(() => readMemberKey(undefined)).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(() => readSignedFreshness(undefined)).toThrow(expect.objectContaining({ code: "INVALID" }));
  });

  it("holds bytes of its own", () => {
    const message = throughGrpc(signed(payload));
    const read = readSignedDirective(message);
    message.payload.fill(0);
    message.signatures[0]?.signature.fill(0);
    expect(signersOf(read, [seatOf(name)], federation).size).toBe(1);
    expect(Buffer.isBuffer(read.payload)).toBe(false);
  });
});

describe("a signed message", () => {
  const signer = signerOf(name);
  const keyOf = (): Uint8Array => signer.publicKey;
  const invitation = { ...invitationKeys(new Uint8Array(16)), note: "an invented unit", validUntilMs: 1_000 };
  const bytes = signInvitation(invitation, { federation, signer });

  it("is verified as it came, as bytes or decoded, and kept as the bytes that came", () => {
    const message = Signed.decode(bytes);
    expect(openInvitation(message, federation, keyOf)).toEqual(openInvitation(bytes, federation, keyOf));
    expect(toHex(signedBytes(message))).toBe(toHex(bytes));
    const changed = { ...message, payload: message.payload.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) };
    expect(() => openInvitation(changed, federation, keyOf)).toThrow(expect.objectContaining({ code: "UNPROVEN" }));
    expect(() => openInvitation(undefined, federation, keyOf)).toThrow(expect.objectContaining({ code: "INVALID" }));
  });
});

it("no program encodes a message but the files of the wire", () => {
  const files = globSync("{shared,broker,agency-node,deploy}/**/*.ts", { cwd: ROOT });
  const encoding = files
    .filter((file) => !file.includes("/wire/"))
    .filter((file) => /\.encode\([\s\S]{0,200}?\)\.finish\(\)/.test(readFileSync(join(ROOT, file), "utf8")));
  expect(files.length).toBeGreaterThan(400);
  expect(encoding).toEqual([]);
});
