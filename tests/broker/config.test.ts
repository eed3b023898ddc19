import { describe, expect, it } from "vitest";
import { toBrokerConfig } from "../../broker/config.ts";

const good = { natsUrl: "tls://127.0.0.1:4222", listen: "127.0.0.1:0" };

describe("broker.json", () => {
  it("needs two fields and has defaults for the rest", () => {
    expect(toBrokerConfig("/invented", good)).toEqual({
      dir: "/invented",
      ...good,
      dataDir: "data",
      streams: {
        submissionBytesMax: 1024 ** 3,
        deliveryBytesMax: 256 * 1024 ** 2,
        journalBytesMax: 1024 ** 3,
        replicas: 1,
      },
    });
  });

  it("names every bad field at once, and no value", () => {
    const bad = { natsUrl: "nats://user:secret@host:1", listen: "nowhere", streams: { replicas: 9 } };
    const refused = expect.objectContaining({ code: "INVALID", fields: ["natsUrl", "listen", "streams.replicas"] });
    expect(() => toBrokerConfig("/invented", bad)).toThrow(refused);
    expect(() => toBrokerConfig("/invented", bad)).not.toThrow(/secret/);
  });

  it("refuses fields that it does not know", () => {
    expect(() => toBrokerConfig("/invented", { ...good, natsurl: "x" })).toThrow(
      expect.objectContaining({ code: "INVALID" }),
    );
  });
});
