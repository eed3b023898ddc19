/**
 * The one table between our error codes and gRPC statuses, and the middleware that applies it on both sides.
 *
 * On the wire go the code, the message and the paths of bad fields of a `CausewayError`, none of which holds a value from a user or peer.
 * Anything else becomes INTERNAL with a neutral text: its own text could quote a secret, and the difference between two
 * faults could answer a question. Only what the machine refuses, such as a full disk, is told, without the server's paths. Coming back,
 * code and paths are taken over and the other side's prose is not.
 *
 * Where both ends are the same party ("own"), faults of its machine come back as ENVIRONMENT and name the file. Of another party that is
 * not believed: ENVIRONMENT means that something is wrong here, and ends programs.
 */
import { ClientError, ServerError, Status } from "nice-grpc";
import type { CallContext, CallOptions, ClientMiddlewareCall, ServerMiddlewareCall } from "nice-grpc";
import type { CertificateEnded } from "../core/certificate-ended.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Log } from "../world/log.ts";
import { machineWords } from "./file-faults.ts";
import { sharedEvents } from "../world/shared-events.ts";

const STATUS: Readonly<Record<ErrorCode, Status>> = {
  INVALID: Status.INVALID_ARGUMENT,
  UNPROVEN: Status.DATA_LOSS,
  FORBIDDEN: Status.PERMISSION_DENIED,
  UNAUTHENTICATED: Status.UNAUTHENTICATED,
  OUT_OF_SEQUENCE: Status.FAILED_PRECONDITION,
  EXHAUSTED: Status.RESOURCE_EXHAUSTED,
  NOT_FOUND: Status.NOT_FOUND,
  CONFLICT: Status.ALREADY_EXISTS,
  UNAVAILABLE: Status.UNAVAILABLE,
  // What is wrong with a machine or a program is for its operator's log.
  ENVIRONMENT: Status.INTERNAL,
  INTERNAL: Status.INTERNAL,
};

/** Statuses that gRPC itself gives, beyond those in the table. */
const CODE_BEYOND_TABLE = new Map<Status, ErrorCode>([
  [Status.CANCELLED, "UNAVAILABLE"],
  [Status.DEADLINE_EXCEEDED, "UNAVAILABLE"],
  [Status.ABORTED, "UNAVAILABLE"],
  [Status.OUT_OF_RANGE, "INVALID"],
  [Status.UNIMPLEMENTED, "NOT_FOUND"],
]);

const CODE = new Map<Status, ErrorCode>([
  ...CODE_BEYOND_TABLE,
  ...Object.entries(STATUS).map(([code, status]) => [status, code as ErrorCode] as const),
]);

/** Whether both ends of a connection are the same party. Default: they are not. */
export type Ends = { readonly own?: boolean };

const CODE_KEY = "causeway-code";
const FIELDS_KEY = "causeway-fields";
const FIELDS_MAX = 100;
const FIELD_PATH = /^[A-Za-z0-9_.[\]]{1,200}$/;

/** The gRPC status of an error code. */
export function statusOf(code: ErrorCode): Status {
  return STATUS[code];
}

/** The error code that a gRPC status means to us. */
export function codeOf(status: Status): ErrorCode {
  return CODE.get(status) ?? "INTERNAL";
}

/** (server) Turns what a handler throws into a status; faults of ours go to the log. */
export function errorsToStatus(log: Log, { own = false }: Ends = {}) {
  return async function* statusMiddleware<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError || isAbort(error)) throw error;
      if (!isCausewayError(error) || STATUS[error.code] === Status.INTERNAL) {
        sharedEvents.call.failed(log, error, { method: call.method.path });
        const machine = machineWords(error);
        if (machine === undefined) throw new ServerError(Status.INTERNAL, "internal fault");
        if (own) context.trailer.set(CODE_KEY, "ENVIRONMENT");
        throw new ServerError(Status.INTERNAL, own ? machine.inFull : machine.reason);
      }
      const fields = error.fields.slice(0, FIELDS_MAX).filter((field) => FIELD_PATH.test(field));
      if (fields.length > 0) context.trailer.set(FIELDS_KEY, fields.join(" "));
      throw new ServerError(STATUS[error.code], error.message);
    }
  };
}

/**
 * (client) Turns a status into a `CausewayError`. What the other side wrote stays in `cause`. `ended`: the certificate for whose end there is
 * no connection, if that is so.
 */
export function statusToErrors({
  own = false,
  ended = () => undefined,
}: Ends & { readonly ended?: (() => CertificateEnded | undefined) | undefined } = {}) {
  return async function* errorMiddleware<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ): AsyncGenerator<Response, Response | void, undefined> {
    let fields: string[] = [];
    let ofOwnMachine = false;
    const onTrailer: CallOptions["onTrailer"] = (trailer) => {
      fields = readFields(trailer.get(FIELDS_KEY));
      ofOwnMachine = own && trailer.get(CODE_KEY) === "ENVIRONMENT";
      options.onTrailer?.(trailer);
    };
    try {
      return yield* call.next(call.request, { ...options, onTrailer });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      const certificate = error.code === Status.UNAVAILABLE ? ended() : undefined;
      if (certificate !== undefined) throw certificate;
      const code = ofOwnMachine ? "ENVIRONMENT" : codeOf(error.code);
      throw new CausewayError(code, `${call.method.path} failed at the other side`, { fields, cause: error });
    }
  };
}

/** The other side controls the text. */
function readFields(text: string | undefined): string[] {
  return (text ?? "").split(" ", FIELDS_MAX).filter((field) => FIELD_PATH.test(field));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
