/** The string with which a unit joins. */
import { describe, expect, it } from "vitest";
import { randomBytes } from "../../shared/world/random.ts";
import { decodeInvitationCode, encodeInvitationCode } from "../../shared/wire/invitation-code.ts";

const invitation = () => ({
  secret: randomBytes(16),
  fingerprint: randomBytes(32),
  address: "broker.example.org:7401",
});
const refusal = expect.objectContaining({ code: "INVALID" });

describe("an invitation code", () => {
  it("says where to go, with which secret, and whom to believe", () => {
    for (const address of ["127.0.0.1:7401", "[::1]:7401", "b.example:1", "broker.example.org:65535"]) {
      const given = { ...invitation(), address };
      expect(decodeInvitationCode(encodeInvitationCode(given))).toEqual(given);
    }
  });

  it("survives line breaks and capitals, as a person passes it on", () => {
    const given = invitation();
    const code = encodeInvitationCode(given).toUpperCase();
    expect(decodeInvitationCode(` ${code.slice(0, 40)}\n  ${code.slice(40)} `)).toEqual(given);
  });

  it("shows every single slip of a letter", () => {
    const code = encodeInvitationCode(invitation());
    for (let at = 0; at < code.length; at++) {
      for (const letter of "07z") {
        if (code[at] === letter) continue;
        expect(() => decodeInvitationCode(`${code.slice(0, at)}${letter}${code.slice(at + 1)}`)).toThrow(refusal);
      }
    }
    expect(() => decodeInvitationCode(code.slice(0, -1))).toThrow(refusal);
    expect(() => decodeInvitationCode(`${code}0`)).toThrow(refusal);
    for (const text of ["", "cwi1-", "cwi2-0", "cwi1-il", "x".repeat(2_000)]) {
      expect(() => decodeInvitationCode(text)).toThrow(refusal);
    }
  });

  it("is not made for what nobody could use", () => {
    expect(() => encodeInvitationCode({ ...invitation(), address: "no port" })).toThrow(refusal);
    expect(() => encodeInvitationCode({ ...invitation(), secret: randomBytes(8) })).toThrow(refusal);
  });
});
