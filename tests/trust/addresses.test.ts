/** Several addresses of one party: in directives, settings, invitations and certificates. */
import { describe, expect, it } from "vitest";
import { hostsOf } from "../../shared/core/addresses.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { natsAddress, natsUrlIn } from "../../shared/settings/addresses.ts";
import { hostPorts } from "../../shared/wire/checks.ts";
import { decodeInvitationCode, encodeInvitationCode } from "../../shared/wire/invitation-code.ts";

const LIST = "one.example:7400,192.0.2.7:7400,[2001:db8::7]:7400";

describe("several addresses of one party", () => {
  it("are each of them host:port, differ, and are eight at most", () => {
    const fits = (text: string): boolean => hostPorts.safeParse(text).success;
    expect([LIST, "one.example:7400"].map(fits)).toEqual([true, true]);
    const nine = Array.from({ length: 9 }, (_, i) => `n${i}.example:1`).join(",");
    const bad = ["", ",", `${LIST},`, `${LIST}, two.example:1`, "one.example", "a.example:1,a.example:1", nine];
    expect(bad.filter(fits)).toEqual([]);
  });

  it("of NATS are written as URLs, those of the board before those of the settings", () => {
    const urls = "tls://one.example:4222,tls://two.example:4222";
    expect(natsUrlIn({ natsAddress: undefined }, urls)).toBe(urls);
    expect(natsUrlIn({ natsAddress: "three.example:1,[::1]:2" }, urls)).toBe("tls://three.example:1,tls://[::1]:2");
    const fits = (text: string): boolean => natsAddress.safeParse(text).success;
    expect([urls, "tls://127.0.0.1:4222"].map(fits)).toEqual([true, true]);
    expect([`${urls},`, "tls://a:1,b:2", "tls://u:p@a:1", "tls://a:1,nats://b:2"].filter(fits)).toEqual([]);
  });

  it("give a certificate one host each", () => {
    expect(hostsOf(LIST)).toEqual(["one.example", "192.0.2.7", "2001:db8::7"]);
    expect(hostsOf("one.example:1,one.example:2")).toEqual(["one.example"]);
  });

  it("fit into an invitation", () => {
    const code = { secret: randomBytes(16), fingerprint: randomBytes(32), address: LIST };
    expect(decodeInvitationCode(encodeInvitationCode(code)).address).toBe(LIST);
  });
});
