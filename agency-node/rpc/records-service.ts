/** `RecordsService`: import, list, withdraw, revalidate, status. */
import type { CallContext } from "nice-grpc";
import { grpcService } from "../../shared/platform/grpc.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import { RecordsServiceDefinition } from "../wire/gen/causeway/node/v1/records.ts";
import type {
  GetStatusResponse,
  ImportRequest,
  ImportResponse,
  ListRecordsResponse,
} from "../wire/gen/causeway/node/v1/records.ts";
import {
  parseGetStatusRequest,
  parseImportChunk,
  parseImportOptions,
  parseListRecordsRequest,
  parseListStraysRequest,
  parseRevalidateRequest,
  parseWithdrawRequest,
  parseWithdrawStraysRequest,
} from "../wire/records-requests.ts";
import type { Comparison } from "../comparison.ts";
import type { ImportEvent, Records } from "../records.ts";
import type { StoredRecord } from "../store/records.ts";
import { actorOf } from "./local-caller.ts";
import type { Door } from "./local-caller.ts";

export type RecordsServiceParts = {
  readonly door: Door;
  readonly records: Records;
  readonly comparison: Pick<Comparison, "reasonOf">;
  status(): GetStatusResponse;
};

export function recordsService({ door, records, comparison, status }: RecordsServiceParts): GrpcService {
  return grpcService(RecordsServiceDefinition, {
    async *import(requests: AsyncIterable<ImportRequest>, context: CallContext): AsyncGenerator<ImportResponse> {
      const actor = actorOf(context, door);
      const iterator = requests[Symbol.asyncIterator]();
      const first = await iterator.next();
      const options = parseImportOptions(first.done === true ? undefined : first.value);
      for await (const event of records.import(chunks(iterator), options, actor)) yield toImportResponse(event);
    },
    async *listRecords(request, context: CallContext): AsyncGenerator<ListRecordsResponse> {
      const actor = actorOf(context, door);
      const { reason } = parseListRecordsRequest(request);
      for (const stored of records.list({ actor, reason })) yield toListed(stored, comparison.reasonOf(stored) ?? "");
    },
    async withdraw(request, context: CallContext) {
      const actor = actorOf(context, door);
      const { reference, reason } = parseWithdrawRequest(request);
      records.withdraw(reference, { actor, reason });
      return {};
    },
    async revalidate(request, context: CallContext) {
      const actor = actorOf(context, door);
      const { reference, reviewBy, reason } = parseRevalidateRequest(request);
      records.revalidate(reference, reviewBy, { actor, reason });
      return {};
    },
    async listStrays(request, context: CallContext) {
      const actor = actorOf(context, door);
      const { reason } = parseListStraysRequest(request);
      const strays = records.listStrays({ actor, reason });
      return {
        strays: strays.map(({ handle, sinceMs, matches }) => {
          return { handle, sinceMs: BigInt(sinceMs), overlaps: BigInt(matches) };
        }),
      };
    },
    async withdrawStrays(request, context: CallContext) {
      const actor = actorOf(context, door);
      const { handles, reason } = parseWithdrawStraysRequest(request);
      return { withdrawn: BigInt(records.withdrawStrays(handles, { actor, reason })) };
    },
    // Counts only, and no record or match: whoever watches the node's health need not say who looks.
    async getStatus(request, context: CallContext) {
      door(context);
      parseGetStatusRequest(request);
      return status();
    },
  });
}

async function* chunks(requests: AsyncIterator<ImportRequest>): AsyncGenerator<Uint8Array> {
  for (let next = await requests.next(); next.done !== true; next = await requests.next()) {
    yield parseImportChunk(next.value);
  }
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

function toListed({ record, state, tokens, reason }: StoredRecord, notCompared: string): ListRecordsResponse {
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
    notCompared,
  };
}
