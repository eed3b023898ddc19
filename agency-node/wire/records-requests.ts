/**
 * What the unit's people and programs ask of `RecordsService`. All throw INVALID with the paths of everything that is bad, and never a value:
 * these messages are plaintext.
 */
import { z } from "zod";
import { parseIsoDay } from "../../shared/core/days.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { requestParser } from "../../shared/wire/checks.ts";
import type { Parse } from "../../shared/wire/checks.ts";
import { parseOverride } from "../intake/columns.ts";
import type { ImportOptions } from "../records.ts";
import type * as gen from "./gen/causeway/node/v1/records.ts";
import { ownText } from "./own-text.ts";

const COLUMNS_MAX = 1_000;

const needed = ownText.refine((text) => text.trim() !== "");
const isoDay = z.string().refine((text) => parseIsoDay(text) !== undefined);

/** Headings to fields. The path of a bad one would show the heading: data, where a file has none. */
const mapping = z.custom<gen.ImportOptions["mapping"]>().transform((headings, context) => {
  const pairs = Object.entries(headings).map(([heading, field]) =>
    ownText.safeParse(heading).success ? parseOverride(`${heading}=${field}`) : undefined,
  );
  const known = pairs.filter((pair) => pair !== undefined);
  if (pairs.length <= COLUMNS_MAX && known.length === pairs.length) return Object.fromEntries(known);
  context.addIssue({ code: "custom" });
  return z.NEVER;
});

const readOptions = requestParser("import options", {
  format: z.enum(["auto", "ftm", "csv"]),
  dryRun: z.boolean(),
  urgent: z.boolean(),
  kind: ownText,
  role: ownText,
  legalBasis: ownText,
  caseReference: ownText,
  handling: ownText,
  reviewBy: ownText,
  defaultCountry: ownText,
  dateOrder: z.enum(["", "dmy", "mdy"]),
  mapping,
});

/** The first message of an import. Texts that are empty were not given; what the words mean is read with the file's. */
export function parseImportOptions(message: gen.ImportRequest | undefined): ImportOptions {
  const request = message === undefined ? undefined : importRequest(message).request;
  if (request?.$case !== "options") {
    throw new CausewayError("INVALID", "an import starts with its options", { fields: ["request"] });
  }
  const {
    format,
    dryRun,
    urgent,
    mapping: overrides,
    defaultCountry,
    dateOrder,
    ...defaults
  } = readOptions(request.value);
  return {
    format,
    dryRun,
    urgent,
    defaults: given(defaults),
    mapping: overrides,
    ...given({ defaultCountry }),
    ...(dateOrder === "" ? {} : { dateOrder }),
  };
}

/** Each message after the first: bytes of the file. */
export function parseImportChunk(message: gen.ImportRequest): Uint8Array {
  const { request } = importRequest(message);
  if (request.$case !== "chunk") {
    throw new CausewayError("INVALID", "after the options come the file's bytes", { fields: ["request"] });
  }
  return request.value;
}

/** One of the two kinds; the options are read by themselves, so that their paths are those of the options. */
const importRequest: Parse<gen.ImportRequest, { readonly request: NonNullable<gen.ImportRequest["request"]> }> =
  requestParser("import", {
    request: z.custom<NonNullable<gen.ImportRequest["request"]>>((kind) => kind !== undefined),
  });

function given<Texts extends Record<string, string>>(texts: Texts): Partial<Texts> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== "")) as Partial<Texts>;
}

export const parseListRecordsRequest: Parse<gen.ListRecordsRequest, { readonly reason: string }> = requestParser(
  "list of records",
  { reason: ownText },
);

export const parseWithdrawRequest: Parse<gen.WithdrawRequest, { readonly reference: string; readonly reason: string }> =
  requestParser("withdrawal", { reference: needed, reason: needed });

/** `reviewBy`: ISO day. */
export const parseRevalidateRequest: Parse<
  gen.RevalidateRequest,
  { readonly reference: string; readonly reviewBy: string; readonly reason: string }
> = requestParser("revalidation", { reference: needed, reviewBy: isoDay, reason: needed });

export const parseListStraysRequest: Parse<gen.ListStraysRequest, { readonly reason: string }> = requestParser(
  "list of held records",
  { reason: ownText },
);

const STRAYS_MAX = 10_000;

const readWithdrawStrays = requestParser("withdrawal of held records", {
  handles: z
    .array(
      z
        .string()
        .regex(/^[0-9a-f]{32}$/)
        .transform((hex) => toId<Handle>(hex)),
    )
    .max(STRAYS_MAX),
  all: z.boolean(),
  reason: needed,
});

/** Some, named, or all; not both. */
export function parseWithdrawStraysRequest(message: gen.WithdrawStraysRequest): {
  readonly handles: readonly Handle[] | "all";
  readonly reason: string;
} {
  const { handles, all, reason } = readWithdrawStrays(message);
  if (all === handles.length > 0) {
    throw new CausewayError("INVALID", "name the held records that go, or say that all do", { fields: ["handles"] });
  }
  return { handles: all ? "all" : handles, reason };
}

export const parseGetStatusRequest: Parse<gen.GetStatusRequest, object> = requestParser("status", {});
