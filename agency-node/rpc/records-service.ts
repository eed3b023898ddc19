/** `RecordsService`: import, list, withdraw, revalidate, status. */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../shared/core/errors.ts";
import { grpcService } from "../../shared/platform/grpc.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { RecordsServiceDefinition } from "../wire/gen/causeway/node/v1/records.ts";
import type {
  GetStatusResponse,
  ImportOptions as WireOptions,
  ImportRequest,
  ImportResponse,
  ListRecordsResponse,
} from "../wire/gen/causeway/node/v1/records.ts";
import { parseOverride } from "../intake/columns.ts";
import type { ImportEvent, ImportOptions, Records } from "../records.ts";
import type { StoredRecord } from "../store/records.ts";
import { assertOwnUnit } from "./local-caller.ts";

export type RecordsServiceParts = {
  /** Of the node's own certificate. */
  readonly owner: PeerIdentity;
  readonly records: Records;
  status(): GetStatusResponse;
};

export function recordsService({ owner, records, status }: RecordsServiceParts): GrpcService {
  return grpcService(RecordsServiceDefinition, {
    async *import(requests: AsyncIterable<ImportRequest>, context: CallContext): AsyncGenerator<ImportResponse> {
      assertOwnUnit(context, owner);
      const iterator = requests[Symbol.asyncIterator]();
      const options = toImportOptions(await firstOptions(iterator));
      for await (const event of records.import(chunks(iterator), options)) yield toImportResponse(event);
    },
    async *listRecords(_request, context: CallContext): AsyncGenerator<ListRecordsResponse> {
      assertOwnUnit(context, owner);
      for (const stored of records.list()) yield toListed(stored);
    },
    async withdraw(request, context: CallContext) {
      assertOwnUnit(context, owner);
      records.withdraw(request.reference, request.reason);
      return {};
    },
    async revalidate(request, context: CallContext) {
      assertOwnUnit(context, owner);
      records.revalidate(request.reference, request.reviewBy, request.reason);
      return {};
    },
    async getStatus(_request, context: CallContext) {
      assertOwnUnit(context, owner);
      return status();
    },
  });
}

async function firstOptions(requests: AsyncIterator<ImportRequest>): Promise<WireOptions> {
  const first = await requests.next();
  const request = first.done === true ? undefined : first.value.request;
  if (request?.$case !== "options") throw new CausewayError("INVALID", "an import starts with its options");
  return request.value;
}

async function* chunks(requests: AsyncIterator<ImportRequest>): AsyncGenerator<Uint8Array> {
  for (let next = await requests.next(); next.done !== true; next = await requests.next()) {
    const { request } = next.value;
    if (request?.$case !== "chunk") throw new CausewayError("INVALID", "after the options come the file's bytes");
    yield request.value;
  }
}

/** Texts that are empty were not given. Throws INVALID, naming every option that cannot be used. */
function toImportOptions(options: WireOptions): ImportOptions {
  const { kind, role, legalBasis, caseReference, handling, reviewBy, defaultCountry, dateOrder } = options;
  const mapping = Object.entries(options.mapping).map(([column, field]) => parseOverride(`${column}=${field}`));
  const fields = [
    ...(isFormat(options.format) ? [] : ["format"]),
    ...(dateOrder === "" || dateOrder === "dmy" || dateOrder === "mdy" ? [] : ["dateOrder"]),
    ...(mapping.includes(undefined) ? ["mapping"] : []),
  ];
  if (fields.length > 0) throw new CausewayError("INVALID", "import options that cannot be used", { fields });
  return {
    format: options.format as ImportOptions["format"],
    dryRun: options.dryRun,
    defaults: given({ kind, role, legalBasis, caseReference, handling, reviewBy }),
    mapping: Object.fromEntries(mapping.filter((each) => each !== undefined)),
    ...given({ defaultCountry, dateOrder: dateOrder as "dmy" }),
  };
}

const isFormat = (text: string): boolean => ["auto", "ftm", "csv"].includes(text);

function given<Texts extends Record<string, string>>(texts: Texts): Partial<Texts> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== "")) as Partial<Texts>;
}

function toImportResponse(event: ImportEvent): ImportResponse {
  switch (event.kind) {
    case "mapping": {
      const columns = event.mapping.columns.map(({ heading, field }) => ({ column: heading, field: field ?? "" }));
      return { event: { $case: "mapping", value: { columns } } };
    }
    case "problem": {
      const { line, field, code, text, severity } = event.problem;
      return {
        event: { $case: "problem", value: { line: BigInt(line), field, code, text, error: severity === "error" } },
      };
    }
    case "progress":
      return { event: { $case: "progress", value: { rows: BigInt(event.rows), bytes: BigInt(event.bytes) } } };
    case "receipt": {
      const { receipt, ignored, dryRun, rows, added, amended, unchanged, rejected, warnings } = event.receipt;
      const counts = { rows, added, amended, unchanged, rejected, warnings };
      return { event: { $case: "receipt", value: { receipt, dryRun, ignored, ...toBigInts(counts) } } };
    }
  }
}

function toBigInts<Key extends string>(counts: Record<Key, number>): Record<Key, bigint> {
  return Object.fromEntries(Object.entries<number>(counts).map(([key, count]) => [key, BigInt(count)])) as Record<
    Key,
    bigint
  >;
}

function toListed({ record, state, tokens, reason }: StoredRecord): ListRecordsResponse {
  const { reference, role, caseReference, legalBasis, handling, reviewBy } = record;
  const subjectKind = record.subject.kind;
  return {
    reference,
    subjectKind,
    role,
    caseReference,
    legalBasis,
    handling,
    reviewBy,
    state,
    tokens,
    reason: reason ?? "",
  };
}
