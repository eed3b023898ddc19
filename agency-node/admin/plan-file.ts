/**
 * The plan of a federation as the board writes it down: JSON, with paths relative to the file.
 *
 * Enrolments arrive by whatever way files travel, so the plan repeats the fingerprint of each as its party read it out by
 * telephone; an enrolment that was changed on the way does not fit.
 */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { DOMAINS } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { isSameFingerprint, parseEnrolment } from "../../shared/party/enrolment.ts";
import type { Enrolment } from "../../shared/party/enrolment.ts";
import type { PartyKind } from "../../shared/party/files.ts";
import { readJsonFile } from "../../shared/platform/json-file.ts";
import { readPublicText } from "../../shared/party/key-files.ts";
import { check, hostPorts, line, slug } from "../../shared/wire/checks.ts";
import type { FoundingPlan } from "./found.ts";
import type { MemberTerms } from "./founding.ts";

const count = z.int().min(0);
const party = { enrolment: z.string().min(1), fingerprint: z.string().min(1) };

/** Terms that the board may change later. */
const changeable = {
  name: line(120),
  domains: z.array(z.enum(DOMAINS)).min(1),
  contact: z.strictObject({ office: line(120), phone: line(40, 0), email: line(120, 0), hours: line(120, 0) }),
  legalBasis: line(400),
  purposes: z.array(line(200)).min(1),
  retentionDaysMax: count,
};

/** The terms on which a unit is admitted. */
const terms = {
  ...changeable,
  slug,
  mandate: line(120),
  budget: z.strictObject({ initial: count, perDay: count }),
};

const planSchema = z.strictObject({
  name: line(120),
  quorum: count,
  scheme: line(64),
  epochDays: count.optional(),
  administrators: z.array(z.string().min(1)).min(1),
  broker: z.strictObject({ ...party, address: hostPorts }),
  /** The broker's own evaluator comes first and is not listed; false leaves it out. */
  brokerEvaluates: z.boolean().default(true),
  evaluators: z.array(z.strictObject({ ...party, address: hostPorts })),
  nats: z.strictObject({ ...party, hosts: z.array(z.string().min(1)).min(1) }),
  members: z.array(z.strictObject({ ...party, ...terms })).min(1),
});

/** Reads and checks a plan. Throws ENVIRONMENT, INVALID, or UNPROVEN with the path of each fingerprint that differs. */
export function readPlan(path: string): Omit<FoundingPlan, "nowMs" | "outDir"> {
  const plan = check(planSchema, readJsonFile(path), "plan");
  const base = dirname(resolve(path));
  const enrolments = new Enrolments(base);
  const broker = { enrolment: enrolments.read(plan.broker, "broker", "broker"), address: plan.broker.address };
  const others = plan.evaluators.map((each, i) => ({
    enrolment: enrolments.read(each, "evaluator", `evaluators[${i}]`),
    address: each.address,
  }));
  const members = plan.members.map(({ enrolment, fingerprint, ...terms }, i) => ({
    enrolment: enrolments.read({ enrolment, fingerprint }, "node", `members[${i}]`),
    terms,
  }));
  const nats = { enrolment: enrolments.read(plan.nats, "nats", "nats"), hosts: plan.nats.hosts };
  enrolments.assertAllProven();
  return {
    name: plan.name,
    quorum: plan.quorum,
    scheme: plan.scheme,
    ...(plan.epochDays === undefined ? {} : { epochDays: plan.epochDays }),
    administratorDirs: plan.administrators.map((dir) => resolve(base, dir)),
    broker,
    evaluators: plan.brokerEvaluates ? [broker, ...others] : others,
    members,
    nats,
  };
}

/** Reads the terms of one unit, as they stand in a plan. Throws ENVIRONMENT, INVALID. */
export function readTerms(path: string): MemberTerms {
  return check(z.strictObject(terms), readJsonFile(path), "terms");
}

/** Reads terms that are to replace others; what is left out stays. Throws ENVIRONMENT, INVALID. */
export function readChangedTerms(path: string): Partial<Pick<MemberTerms, keyof typeof changeable>> {
  const given = check(z.strictObject(changeable).partial(), readJsonFile(path), "terms");
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Reads enrolments and collects the places that do not fit, to report them all at once. */
class Enrolments {
  readonly #base: string;
  readonly #unfit: string[] = [];

  constructor(base: string) {
    this.#base = base;
  }

  read(of: { readonly enrolment: string; readonly fingerprint: string }, kind: PartyKind, place: string): Enrolment {
    const { enrolment, fingerprint } = parseEnrolment(readPublicText(resolve(this.#base, of.enrolment)));
    const same = isSameFingerprint(of.fingerprint, fingerprint);
    if (!same) this.#unfit.push(`${place}.fingerprint`);
    if (enrolment.kind !== kind) this.#unfit.push(`${place}.enrolment`);
    return enrolment;
  }

  assertAllProven(): void {
    if (this.#unfit.length === 0) return;
    const text = `these are not the enrolments that were read out: ${this.#unfit.join(", ")}`;
    throw new CausewayError("UNPROVEN", text, { fields: this.#unfit });
  }
}
