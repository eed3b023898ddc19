/** Every method of every service says who may call it. */
import { describe, expect, it } from "vitest";
import { callersOf } from "../../shared/wire/callers.ts";
import { definitions } from "./definitions.ts";

/** Those that ask for no signature, and why each may. */
const UNSIGNED: Readonly<Record<string, string>> = {
  "causeway.v1.EnrolmentService.getChain": "sealed with what the invitation's secret gives",
  "causeway.v1.EnrolmentService.enrol": "proves the invitation's secret and the key that it hands in",
  "causeway.v1.EnrolmentService.collect": "holds a proof by the key that was handed in",
  "grpc.health.v1.Health.check": "says whether a program works",
};

describe("who may call a method", () => {
  it("is said of every one, and of none that there is not", async () => {
    const all = await definitions();
    expect(all.length).toBeGreaterThan(6);
    for (const { fullName, methods } of all) {
      const said = Object.keys(callersOf(fullName) ?? {}).toSorted();
      // Of health checks we serve one method, and the definition has others.
      if (fullName.startsWith("causeway.")) expect(said, fullName).toEqual(Object.keys(methods).toSorted());
    }
  });

  it("is whoever signs, but for what is listed here with its reason", async () => {
    const unsigned = (await definitions()).flatMap(({ fullName }) =>
      Object.entries(callersOf(fullName) ?? {})
        .filter(([, callers]) => "anybody" in callers)
        .map(([method]) => `${fullName}.${method}`),
    );
    expect(unsigned.toSorted()).toEqual(Object.keys(UNSIGNED).toSorted());
  });

  it("is somebody by the certificate alone in one case: the registrar that reads the directory", async () => {
    const certified = (await definitions()).flatMap(({ fullName }) =>
      Object.entries(callersOf(fullName) ?? {}).flatMap(([method, callers]) =>
        "anybody" in callers ? [] : (callers.certified ?? []).map((role) => `${fullName}.${method} ${role}`),
      ),
    );
    expect(certified).toEqual([
      "causeway.v1.DirectoryService.listDirectives registrar",
      "causeway.v1.DirectoryService.getFreshness registrar",
    ]);
  });
});
