/** Who takes part in the demonstration. All of it is invented; the telephone numbers are Ofcom's for drama. */
import type { MemberTerms } from "../../agency-node/admin/founding.ts";

export const MEMBERS = ["ct", "thb", "wcu"] as const;
export type MemberSlug = (typeof MEMBERS)[number];

export const FEDERATION_NAME = "Demonstration federation";

/** Two of the three must sign. */
export const ADMINISTRATORS = ["Prosecutor A", "Inspector B", "Data protection officer C"] as const;
export const QUORUM = 2;

/** Evaluations and new tokens: enough for lists of many thousand entries, loaded at once. */
const BUDGET = { initial: 5_000_000, perDay: 1_000_000 };
const RETENTION_DAYS_MAX = 730;

export const TERMS: Readonly<Record<MemberSlug, MemberTerms>> = {
  ct: terms("ct", "Counter-Terrorism Unit West", "counter-terrorism", ["target"], "900001"),
  thb: terms("thb", "Human Trafficking Unit Harbour", "human-trafficking", ["target", "protected"], "900002"),
  wcu: terms("wcu", "War Crimes Unit North", "war-crimes", ["target", "protected"], "900003"),
};

function terms(
  slug: MemberSlug,
  name: string,
  mandate: string,
  domains: MemberTerms["domains"],
  phone: string,
): MemberTerms {
  return {
    slug,
    name,
    mandate,
    contact: {
      office: "liaison desk",
      phone: `+44 7700 ${phone}`,
      email: `liaison.${slug}@example.org`,
      hours: "day and night",
    },
    domains,
    legalBasis: "Invented Act, section 1",
    purposes: ["deconfliction"],
    retentionDaysMax: RETENTION_DAYS_MAX,
    budget: BUDGET,
  };
}

/** What a sample record says of itself where its file is silent. */
export const IMPORT_DEFAULTS = {
  kind: "",
  role: "suspect",
  legalBasis: "Invented Act, section 1: grounds to suspect",
  caseReference: "Demonstration",
  handling: "open",
  defaultCountry: "GB",
} as const;

/** The review day of records whose file names none, from today: sample files would rot with a date in them. */
export const REVIEW_DAYS = 180;
