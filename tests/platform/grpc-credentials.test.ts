import { Socket } from "node:net";
import { parseUri } from "@grpc/grpc-js/build/src/uri-parser.js";
import { expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { ClientTlsCredentials } from "../../shared/platform/grpc-credentials.ts";

it("fail a connection whose certificate cannot be read, and not the program", async () => {
  const unreadable = (): never => {
    throw new CausewayError("ENVIRONMENT", "invented");
  };
  const credentials = new ClientTlsCredentials(unreadable, { rejectUnauthorized: false });
  const target = parseUri("dns:127.0.0.1:1")!;
  // oxlint-disable-next-line no-underscore-dangle -- how grpc-js names what its credentials implement
  const connector = credentials._createSecureConnector(target, {});
  await expect(connector.connect(new Socket())).rejects.toMatchObject({ code: "ENVIRONMENT" });
});
