/** What an operator can set of a site. */
import { describe, expect, it } from "vitest";
import { siteConfig } from "../../shared/web/config.ts";
import { check } from "../../shared/wire/checks.ts";

const listen = "127.0.0.1:0";

function settings(of: object) {
  return check(siteConfig, { listen, ...of }, "site");
}

describe("the settings of a site", () => {
  it.each(["https://console.example", "https://console.example:8443", "http://localhost:7450"])(
    "takes %s for its origin",
    (origin) => {
      expect(settings({ origin })).toMatchObject({ origin });
    },
  );

  it.each([
    ["plain http elsewhere than on this machine", "http://console.example"],
    ["an address instead of a name: no passkey belongs to it", "https://192.0.2.1"],
    ["an IPv6 address", "https://[::1]:7450"],
    ["a path", "https://console.example/admin"],
    ["a trailing slash", "https://console.example/"],
    ["a user", "https://user:secret@console.example"],
    ["no URL", "console.example"],
    ["something else", "ftp://localhost"],
  ])("refuses %s", (_, origin) => {
    const refused = expect.objectContaining({ code: "INVALID", fields: ["origin"] });
    expect(() => settings({ origin })).toThrow(refused);
    expect(() => settings({ origin })).not.toThrow(/secret/);
  });

  it("wants a certificate and its key, or neither", () => {
    expect(settings({ certificate: "site.crt", key: "site.key" })).toMatchObject({ key: "site.key" });
    for (const half of [{ certificate: "site.crt" }, { key: "site.key" }]) {
      expect(() => settings(half)).toThrow(expect.objectContaining({ code: "INVALID", fields: ["key"] }));
    }
  });
});
