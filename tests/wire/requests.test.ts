/**
 * Every request of every service, from a caller who may make it: what it comes to when it is empty, too long, of unknown numbers or has
 * more than this version knows. A new RPC fails here until it stands in the table.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex } from "../../shared/core/bytes.ts";
import { SEALING_KEY_BYTES } from "../../shared/crypto/seal.ts";
import { signMessage } from "../../shared/wire/envelope.ts";
import * as board from "../../shared/wire/gen/causeway/v1/board.ts";
import { ListDirectivesRequest } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { EvaluateRequest } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { Directive } from "../../shared/wire/gen/causeway/v1/federation.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { ListActivityRequest } from "../../agency-node/wire/gen/causeway/node/v1/activity.ts";
import { ListMatchesRequest, WatchMatchesRequest } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import {
  ImportOptions,
  ImportRequest,
  ListRecordsRequest,
  ListStraysRequest,
  RevalidateRequest,
  WithdrawRequest,
  WithdrawStraysRequest,
} from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import type { Codec } from "../../shared/wire/checks.ts";
import { Served } from "./served.ts";
import type { Method, Outcome, Party } from "./served.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Whatever a message says, no refusal repeats it. */
const SECRET = "Quilbrand";
const LONG = SECRET.repeat(1_000);
/** Field 100, of two bytes. */
const UNKNOWN_FIELD = fromHex("a206027878");
/** No enumeration of ours has it. */
const UNKNOWN_NUMBER = 99;

/** A message that is refused, and the paths that are named. */
type Bad = readonly [what: string, message: Uint8Array | readonly Uint8Array[], ...paths: string[]];
type Row = {
  readonly as: Party;
  /** What an empty message comes to: an answer, a code, or INVALID with these paths. */
  readonly empty: "answers" | "NOT_FOUND" | "UNAVAILABLE" | readonly string[];
  readonly bad?: readonly Bad[];
};

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

function message<Message>(codec: Codec<Message>, fields: object): Uint8Array {
  return codec.encode(codec.fromPartial(fields)).finish();
}

const signature = { keyId: bytes(16), signature: bytes(64) };
const signed = (over: object = {}): object => ({ type: "a type", payload: bytes(8), signature, ...over });
const SHORT_SIGNATURE = { keyId: bytes(15), signature: bytes(63) };
/** A signed message in a field of a request, of wrong forms. */
function badSigned<Message>(codec: Codec<Message>, field: string, rest: object = {}, type = "a type"): Bad[] {
  const of = (over: object): Uint8Array => message(codec, { ...rest, [field]: signed({ type, ...over }) });
  return [
    ["unsigned", of({ signature: undefined }), `${field}.signature`],
    ["with too much", of({ payload: bytes(600_000) }), `${field}.payload`],
    ["of a long type", of({ type: LONG }), `${field}.type`],
    [
      "with cut keys and signatures",
      of({ signature: SHORT_SIGNATURE }),
      `${field}.signature.keyId`,
      `${field}.signature.signature`,
    ],
  ];
}

const HEAD = {
  federation: bytes(16),
  number: 2n,
  prevHash: bytes(32),
  issuedAtMs: 1n,
  notAfterMs: 2n,
  nonce: bytes(16),
};

const options = (over: object): Uint8Array =>
  message(ImportRequest, {
    request: { $case: "options", value: ImportOptions.fromPartial({ format: "auto", ...over }) },
  });

const directive = (body: object): Uint8Array =>
  message(board.ProposeRequest, {
    directive: { payload: message(Directive, { ...HEAD, body }), signatures: [signature] },
  });

const TABLE: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  "causeway.v1.DirectoryService": {
    listDirectives: {
      as: "member",
      empty: "answers",
      bad: [["from beyond all numbers", message(ListDirectivesRequest, { fromNumber: 2n ** 64n - 1n }), "fromNumber"]],
    },
    // No statement has been made yet.
    getFreshness: { as: "evaluator", empty: "NOT_FOUND" },
  },
  "causeway.v1.EvaluationService": {
    evaluate: {
      as: "member",
      empty: ["request"],
      bad: [
        [
          "with a short id",
          message(EvaluateRequest, { request: { $case: "batch", value: { batchId: bytes(15), blinded: bytes(32) } } }),
          "request.value.batchId",
        ],
        [
          "with more pairs than elements may be",
          message(EvaluateRequest, {
            request: { $case: "prove", value: { batchId: bytes(16), indices: Array.from(bytes(65_537)) } },
          }),
          "request.value.indices",
        ],
        [
          "with an unknown field inside",
          concat(fromHex("1217"), fromHex("0a10"), bytes(16), UNKNOWN_FIELD),
          "request.value._unknownFields",
        ],
      ],
    },
    getBudget: { as: "member", empty: "answers" },
  },
  "causeway.v1.BoardService": {
    listProposals: { as: "administrator", empty: "answers" },
    propose: {
      as: "administrator",
      empty: ["directive"],
      bad: [
        [
          "without a signature",
          message(board.ProposeRequest, { directive: { payload: bytes(8), signatures: [] } }),
          "directive.signatures",
        ],
        [
          "with more than a board's signatures",
          message(board.ProposeRequest, {
            directive: { payload: bytes(8), signatures: Array.from({ length: 65 }, () => signature) },
          }),
          "directive.signatures",
        ],
        [
          "with an unknown field inside",
          concat(fromHex("0a05"), UNKNOWN_FIELD),
          "directive._unknownFields",
          "directive.payload",
          "directive.signatures",
        ],
        [
          "of an unknown cause",
          directive({ $case: "epochRetire", value: { epoch: 1, cause: UNKNOWN_NUMBER, reason: "Invented" } }),
          "body.value.cause",
        ],
      ],
    },
    approve: {
      as: "administrator",
      empty: ["digest", "signature"],
      bad: [
        [
          "with cut bytes",
          message(board.ApproveRequest, { digest: bytes(31), signature: SHORT_SIGNATURE }),
          "digest",
          "signature.keyId",
          "signature.signature",
        ],
      ],
    },
    putPaper: { as: "administrator", empty: ["paper"], bad: badSigned(board.PutPaperRequest, "paper") },
    listPapers: {
      as: "administrator",
      empty: "answers",
      bad: [
        ["of a long topic", message(board.ListPapersRequest, { topic: LONG }), "topic"],
        ["of a topic of two lines", message(board.ListPapersRequest, { topic: `${SECRET}\n` }), "topic"],
      ],
    },
    prepareEpoch: { as: "administrator", empty: ["epoch"] },
    listHealth: { as: "administrator", empty: "answers" },
    invite: { as: "administrator", empty: ["invitation"], bad: badSigned(board.InviteRequest, "invitation") },
    listEnrolments: { as: "administrator", empty: "answers" },
    issueSignInCode: {
      as: "administrator",
      // For the caller itself, at a broker without a console.
      empty: "UNAVAILABLE",
      bad: [
        ["for a long name", message(board.IssueSignInCodeRequest, { auditor: LONG }), "auditor"],
        ["for a name that turns", message(board.IssueSignInCodeRequest, { auditor: `\u202e${SECRET}` }), "auditor"],
      ],
    },
  },
  "causeway.v1.RegistrarService": {
    putFreshness: {
      as: "registrar",
      empty: ["freshness"],
      bad: badSigned(board.PutFreshnessRequest, "freshness", {}, "freshness"),
    },
    followRequests: { as: "registrar", empty: "answers" },
    putCredentials: {
      as: "registrar",
      empty: ["keyId", "credentials"],
      bad: [
        [
          "with long texts and no time",
          message(board.PutCredentialsRequest, {
            keyId: bytes(17),
            credentials: { certificatePem: LONG, natsUserJwt: `${SECRET}\u0000` },
          }),
          "keyId",
          "credentials.certificatePem",
          "credentials.natsUserJwt",
          "credentials.issuedAtMs",
        ],
      ],
    },
  },
  "causeway.v1.MembershipService": {
    requestCredentials: {
      as: "member",
      empty: ["request"],
      bad: badSigned(board.RequestCredentialsRequest, "request"),
    },
    getCredentials: { as: "evaluator", empty: "answers" },
    offerKey: {
      as: "member",
      empty: ["offer"],
      bad: [
        [
          "with too much",
          message(board.OfferKeyRequest, { offer: { payload: bytes(SEALING_KEY_BYTES + 129), signature } }),
          "offer.payload",
        ],
        ["that is no offer", message(board.OfferKeyRequest, { offer: { payload: bytes(9), signature } }), "offer"],
      ],
    },
    offerShare: { as: "evaluator", empty: ["offer"], bad: badSigned(board.OfferShareRequest, "offer") },
    getPreparation: { as: "evaluator", empty: "answers" },
    getStanding: { as: "member", empty: "answers" },
  },
  "causeway.v1.EnrolmentService": {
    getChain: { as: "stranger", empty: ["secretHash"] },
    enrol: {
      as: "stranger",
      empty: ["secret", "enrolment"],
      bad: [
        [
          "with a long secret and no text",
          message(board.EnrolRequest, { secret: bytes(17), enrolment: fromHex("ff") }),
          "secret",
          "enrolment",
        ],
        [
          "that is too long",
          message(board.EnrolRequest, { secret: bytes(16), enrolment: bytes(16 * 1024 + 1) }),
          "enrolment",
        ],
      ],
    },
    collect: {
      as: "stranger",
      empty: ["proof", "request"],
      bad: [
        ...badSigned(board.CollectRequest, "proof", { request: signed() }),
        ...badSigned(board.CollectRequest, "request", { proof: signed() }),
      ],
    },
  },
  "causeway.node.v1.RecordsService": {
    import: {
      as: "unit",
      empty: ["request"],
      bad: [
        [
          "of words that are none",
          options({ format: SECRET, dateOrder: SECRET, mapping: { [SECRET]: SECRET } }),
          "format",
          "dateOrder",
          "mapping",
        ],
        [
          "with long texts",
          options({ legalBasis: LONG, caseReference: LONG, defaultCountry: `${SECRET}\u0007` }),
          "legalBasis",
          "caseReference",
          "defaultCountry",
        ],
        [
          "that begins with the file",
          message(ImportRequest, { request: { $case: "chunk", value: bytes(8) } }),
          "request",
        ],
        ["with options twice", [options({}), options({})], "request"],
        ["that goes on with nothing", [options({}), new Uint8Array()], "request"],
      ],
    },
    listRecords: {
      as: "unit",
      empty: "answers",
      bad: [["for a long reason", message(ListRecordsRequest, { reason: LONG }), "reason"]],
    },
    listStrays: {
      as: "unit",
      empty: "answers",
      bad: [["with a long text", message(ListStraysRequest, { reason: LONG }), "reason"]],
    },
    withdrawStrays: {
      as: "unit",
      empty: ["reason"],
      bad: [
        [
          "of no handle",
          message(WithdrawStraysRequest, { handles: [SECRET], all: false, reason: "" }),
          "handles[0]",
          "reason",
        ],
        [
          "of some and all",
          message(WithdrawStraysRequest, { handles: ["00".repeat(16)], all: true, reason: "x" }),
          "handles",
        ],
      ],
    },
    withdraw: {
      as: "unit",
      empty: ["reference", "reason"],
      bad: [
        ["of long texts", message(WithdrawRequest, { reference: LONG, reason: LONG }), "reference", "reason"],
        [
          "with control characters",
          message(WithdrawRequest, { reference: `${SECRET}\u001b[2J`, reason: " " }),
          "reference",
          "reason",
        ],
      ],
    },
    revalidate: {
      as: "unit",
      empty: ["reference", "reviewBy", "reason"],
      bad: [
        [
          "to no day",
          message(RevalidateRequest, { reference: "R-1", reviewBy: "2026-02-30", reason: "Invented" }),
          "reviewBy",
        ],
      ],
    },
    getStatus: { as: "unit", empty: "answers" },
  },
  "causeway.node.v1.LiaisonService": {
    listMatches: {
      as: "unit",
      empty: "answers",
      bad: [["for a long reason", message(ListMatchesRequest, { reason: LONG }), "reason"]],
    },
    watchMatches: {
      as: "unit",
      empty: "answers",
      bad: [["for a long reason", message(WatchMatchesRequest, { reason: LONG }), "reason"]],
    },
  },
  "causeway.node.v1.ActivityService": {
    listActivity: {
      as: "unit",
      empty: "answers",
      bad: [
        [
          "of words that are none",
          message(ListActivityRequest, { verb: SECRET, reference: LONG, matchId: SECRET, reason: LONG }),
          "verb",
          "reference",
          "matchId",
          "reason",
        ],
        ["that takes the log away without a reason", message(ListActivityRequest, { export: true }), "reason"],
      ],
    },
  },
};

type Definition = { readonly fullName: string; readonly methods: Readonly<Record<string, Method>> };

/** Of all that is generated from our own `.proto` files. */
async function definitions(): Promise<Definition[]> {
  const files = globSync("{shared,agency-node}/wire/gen/causeway/**/*.ts", { cwd: ROOT });
  const modules = await Promise.all(
    files.map(async (file) => (await import(join(ROOT, file))) as Readonly<Record<string, unknown>>),
  );
  const named = modules.flatMap((each) => Object.entries(each).filter(([name]) => name.endsWith("Definition")));
  return named.map(([, definition]) => definition as Definition);
}

const all = await definitions();
const methods = all.flatMap(({ fullName, methods: of }) =>
  Object.keys(of).map((method) => [fullName, method] as const),
);

let served: Served;
beforeAll(() => {
  served = new Served();
});
afterAll(() => served[Symbol.asyncDispose]());

/** Anything at all that is wrong is said by its path, and by nothing else. */
function expectRefusal(outcome: Outcome, paths: readonly string[]): void {
  expect(outcome).toMatchObject({ code: "INVALID", fields: [...paths] });
  expect(outcome.text).not.toContain(SECRET);
}

describe("the table", () => {
  it("has every method of every service that is generated, and no other", () => {
    const rows = Object.entries(TABLE).flatMap(([service, of]) =>
      Object.keys(of).map((method) => `${service} ${method}`),
    );
    expect(rows.toSorted()).toEqual(methods.map((each) => each.join(" ")).toSorted());
    expect(served.services.toSorted()).toEqual(all.map(({ fullName }) => fullName).toSorted());
  });
});

describe.each(methods)("%s %s", (service, method) => {
  const row = TABLE[service]?.[method];

  it("says of an empty message what stands in the table", async () => {
    const outcome = await served.call(service, method, row!.as, new Uint8Array());
    if (typeof row!.empty === "string") expect(outcome.code).toBe(row!.empty);
    else expectRefusal(outcome, row!.empty);
  });

  it("refuses a field that this version does not know, beside whatever else is wrong", async () => {
    const outcome = await served.call(service, method, row!.as, UNKNOWN_FIELD);
    expectRefusal(outcome, ["_unknownFields", ...(typeof row!.empty === "string" ? [] : row!.empty)]);
  });

  const refused = (row?.bad ?? []).map(([what, of, ...paths]) => ({ what, of, paths }));
  it.each(refused)("refuses a message $what", async ({ of, paths }) => {
    const requests = of instanceof Uint8Array ? [of] : of;
    expectRefusal(await served.call(service, method, row!.as, ...requests), paths);
  });
});

describe("what is signed", () => {
  it("is refused for a number of an enumeration that this version does not know", async () => {
    const { state, seats } = served.paper;
    const paper = message(board.BoardPaper, {
      topic: "an invented topic",
      writtenAtMs: 1n,
      body: {
        $case: "pledge",
        value: { epoch: 1, contributions: [{ domain: UNKNOWN_NUMBER, commitment: bytes(32) }] },
      },
    });
    const said = signMessage(paper, { federation: state.id, type: "board-paper" }, seats[0]!.signer);
    const request = message(board.PutPaperRequest, { paper: Signed.decode(said) });
    const outcome = await served.call("causeway.v1.BoardService", "putPaper", "administrator", request);
    expectRefusal(outcome, ["body.value.contributions[0].domain"]);
  });
});
