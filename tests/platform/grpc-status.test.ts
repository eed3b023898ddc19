/** What a caller is told of a fault of the server's machine. */
import { ClientError, Metadata, ServerError, Status } from "nice-grpc";
import type { CallContext, CallOptions, ClientMiddlewareCall, ServerMiddlewareCall } from "nice-grpc";
import { describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { MachineFault } from "../../shared/core/machine-fault.ts";
import { fileFault, SystemFault } from "../../shared/platform/file-faults.ts";
import { errorsToStatus, statusToErrors } from "../../shared/platform/grpc-status.ts";
import { silentLog } from "../../shared/world/log.ts";
import { HandWorld } from "../support/hand-world.ts";

const PATH = "/srv/invented/node.sqlite";
const FULL = new MachineFault(`${PATH} (records)`, "cannot grow, the disk is full: make room and start again", {
  cause: undefined,
});
const METHOD = { path: "/invented.v1.Orchard/Pick", requestStream: false, responseStream: false, options: {} };

/** What goes over the wire when a handler throws. */
async function answered(thrown: unknown, { own = false, log = silentLog } = {}) {
  const trailer = new Metadata();
  const call = {
    method: METHOD,
    request: {},
    next() {
      throw thrown;
    },
  } as unknown as ServerMiddlewareCall<object, object>;
  const context = { trailer } as unknown as CallContext;
  const error = await errorsToStatus(log, { own })(call, context)
    .next()
    .then(() => undefined)
    .catch((caught: unknown) => caught);
  if (!(error instanceof ServerError)) throw new Error("it should have answered with a status");
  return { status: error.code, text: error.details, trailer };
}

/** What a client throws at such an answer. */
async function understood({ status, text, trailer }: Awaited<ReturnType<typeof answered>>, own = false) {
  const call = {
    method: METHOD,
    request: {},
    next(_request: object, options: CallOptions) {
      options.onTrailer?.(trailer);
      throw new ClientError(METHOD.path, status, text);
    },
  } as unknown as ClientMiddlewareCall<object, object>;
  return await statusToErrors({ own })(call, {})
    .next()
    .catch((caught: unknown) => caught);
}

describe("a fault of the server's machine", () => {
  const faults: readonly (readonly [name: string, thrown: unknown, neutral: RegExp, full: RegExp])[] = [
    [
      "a full disk below a database",
      FULL,
      /^a file there cannot grow, the disk is full: make room/,
      /^\/srv.*disk is full/,
    ],
    [
      "a full disk",
      Object.assign(new SystemFault("ENOSPC"), { path: PATH }),
      /the disk is full \(ENOSPC\)$/,
      /^\/srv.*full/,
    ],
    ["a file of ours", fileFault(PATH, "cannot be read", new SystemFault("EACCES")), /\(EACCES\)$/, /^\/srv.*EACCES/],
    [
      "one without a reason",
      new CausewayError("ENVIRONMENT", `${PATH} is odd`),
      /^a file or setting there/,
      /^\/srv.*odd$/,
    ],
  ];

  it.each(faults)(
    "is told to other parties without a path, and to its own in full: %s",
    async (_, thrown, neutral, full) => {
      const toOthers = await answered(thrown);
      expect(toOthers).toMatchObject({ status: Status.INTERNAL, text: expect.stringMatching(neutral) });
      expect(toOthers.text).not.toContain("/srv");
      expect([...toOthers.trailer]).toEqual([]);
      expect((await answered(thrown, { own: true })).text).toMatch(full);
    },
  );

  it("comes back as ENVIRONMENT between two ends of one party, and of another party never", async () => {
    const ours = await answered(FULL, { own: true });
    expect(await understood(ours, true)).toMatchObject({ code: "ENVIRONMENT", cause: { details: FULL.message } });
    // Whoever else sends the same would end programs here.
    expect(await understood(ours)).toMatchObject({ code: "INTERNAL" });
    expect(await understood(await answered(FULL), true)).toMatchObject({ code: "INTERNAL" });
  });

  it("stands in the server's log with the path", async () => {
    const { log, lines } = new HandWorld();
    await answered(FULL, { log });
    expect(lines).toMatchObject([{ event: "call.failed", fields: { error: "ENVIRONMENT", message: FULL.message } }]);
  });
});

describe("a fault of ours", () => {
  it.each([new Error("the secret is 4711"), new CausewayError("INTERNAL", "the secret is 4711"), "4711"])(
    "is told to nobody, not even to its own: %s",
    async (thrown) => {
      for (const own of [true, false]) {
        const { status, text, trailer } = await answered(thrown, { own });
        expect([status, text, [...trailer]]).toEqual([Status.INTERNAL, "internal fault", []]);
      }
    },
  );

  it("keeps what a caller has to know of its own mistake", async () => {
    const error = new CausewayError("INVALID", "bad places", { fields: ["entries[3]"] });
    expect(await answered(error)).toMatchObject({ status: Status.INVALID_ARGUMENT, text: "bad places" });
    expect(await understood(await answered(error))).toMatchObject({ code: "INVALID", fields: ["entries[3]"] });
  });
});
