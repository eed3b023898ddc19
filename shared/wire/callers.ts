/**
 * Who may call what at broker and evaluators, and by what it is believed: every method of every service, or a server does not start.
 *
 * A party's certificate says only that the board's registrar said so, and the registrar is on-line and can be stolen. So a request is
 * believed by the signature of the key under which the chain of directives names the caller (see `party-request.ts`).
 */
import {
  BoardServiceDefinition,
  EnrolmentServiceDefinition,
  MembershipServiceDefinition,
  RegistrarServiceDefinition,
} from "./gen/causeway/v1/board.ts";
import { DirectoryServiceDefinition } from "./gen/causeway/v1/directory.ts";
import { EvaluationServiceDefinition } from "./gen/causeway/v1/evaluation.ts";
import { HealthDefinition } from "./health.ts";

export type Role = "member" | "evaluator" | "administrator" | "registrar";

/** `anybody`: also somebody whom the chain does not name yet, so nothing is believed that the request itself does not prove. */
export type Callers =
  | { readonly signed: readonly Role[]; readonly certified?: readonly Role[] }
  | { readonly anybody: true };

type CallersOf<Definition extends { readonly methods: object }> = Readonly<
  Record<keyof Definition["methods"], Callers>
>;

const signedBy = (...signed: Role[]): Callers => ({ signed });

const BOARD: CallersOf<typeof BoardServiceDefinition> = {
  listProposals: signedBy("administrator"),
  propose: signedBy("administrator"),
  approve: signedBy("administrator"),
  putPaper: signedBy("administrator"),
  listPapers: signedBy("administrator"),
  prepareEpoch: signedBy("administrator"),
  listHealth: signedBy("administrator"),
  invite: signedBy("administrator"),
  listEnrolments: signedBy("administrator"),
  issueSignInCode: signedBy("administrator"),
};

const REGISTRAR: CallersOf<typeof RegistrarServiceDefinition> = {
  putFreshness: signedBy("registrar"),
  followRequests: signedBy("registrar"),
  putCredentials: signedBy("registrar"),
};

const MEMBERSHIP: CallersOf<typeof MembershipServiceDefinition> = {
  requestCredentials: signedBy("member", "evaluator", "administrator"),
  getCredentials: signedBy("member", "evaluator", "administrator"),
  offerKey: signedBy("member"),
  offerShare: signedBy("evaluator"),
  getPreparation: signedBy("member", "evaluator"),
  getStanding: signedBy("member"),
};

const EVALUATION: CallersOf<typeof EvaluationServiceDefinition> = {
  evaluate: signedBy("member"),
  getBudget: signedBy("member"),
};

/** A registrar to whom the board has given another key learns so here, and has the new one from then on: its certificate will do. */
const readers: Callers = { signed: ["member", "evaluator", "administrator"], certified: ["registrar"] };

const DIRECTORY: CallersOf<typeof DirectoryServiceDefinition> = { listDirectives: readers, getFreshness: readers };

const ENROLMENT: CallersOf<typeof EnrolmentServiceDefinition> = {
  getChain: { anybody: true },
  enrol: { anybody: true },
  collect: { anybody: true },
};

/** Says of a program whether it works. */
const HEALTH: CallersOf<typeof HealthDefinition> = { check: { anybody: true } };

const CALLERS: Readonly<Record<string, Readonly<Record<string, Callers>>>> = {
  [BoardServiceDefinition.fullName]: BOARD,
  [RegistrarServiceDefinition.fullName]: REGISTRAR,
  [MembershipServiceDefinition.fullName]: MEMBERSHIP,
  [EvaluationServiceDefinition.fullName]: EVALUATION,
  [DirectoryServiceDefinition.fullName]: DIRECTORY,
  [EnrolmentServiceDefinition.fullName]: ENROLMENT,
  [HealthDefinition.fullName]: HEALTH,
};

/** By the method's key in the service's definition. Undefined for a service that no party calls at another, such as a node's own. */
export function callersOf(service: string): Readonly<Record<string, Callers>> | undefined {
  return CALLERS[service];
}
