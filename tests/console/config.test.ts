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

  it("takes an origin for it, and names the setting where it is none", () => {
    const listen = "127.0.0.1:0";
    expect(consoleOf({ listen, origin: "https://console.example" })).toMatchObject({
      origin: "https://console.example",
    });
    const refused = expect.objectContaining({ code: "INVALID", fields: ["console.origin"] });
    expect(() => consoleOf({ listen, origin: "https://192.0.2.1" })).toThrow(refused);
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
