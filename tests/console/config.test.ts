/** What an operator can set of the console. */
import { describe, expect, it } from "vitest";
import { toBrokerConfig } from "../../broker/config.ts";

const broker = { natsUrl: "tls://127.0.0.1:4222", listen: "127.0.0.1:0" };

function consoleOf(console: object) {
  return toBrokerConfig("/invented", { ...broker, console }).console;
}

describe("broker.json", () => {
  it("has no console unless it says so", () => {
    expect(toBrokerConfig("/invented", broker).console).toBeUndefined();
    expect(consoleOf({ listen: "127.0.0.1:0" })).toEqual({ listen: "127.0.0.1:0" });
  });

  it.each(["https://console.example", "https://console.example:8443", "http://localhost:7450"])(
    "takes %s for the console's origin",
    (origin) => {
      expect(consoleOf({ listen: "127.0.0.1:0", origin })).toMatchObject({ origin });
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
    const refused = expect.objectContaining({ code: "INVALID", fields: ["console.origin"] });
    expect(() => consoleOf({ listen: "127.0.0.1:0", origin })).toThrow(refused);
    expect(() => consoleOf({ listen: "127.0.0.1:0", origin })).not.toThrow(/secret/);
  });

  it("wants a certificate and its key, or neither", () => {
    const listen = "127.0.0.1:0";
    expect(consoleOf({ listen, certificate: "console.crt", key: "console.key" })).toMatchObject({ key: "console.key" });
    for (const half of [{ certificate: "console.crt" }, { key: "console.key" }]) {
      expect(() => consoleOf({ listen, ...half })).toThrow(
        expect.objectContaining({ code: "INVALID", fields: ["console.key"] }),
      );
    }
  });
});
