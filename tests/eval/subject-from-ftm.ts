/** A minimal reading of FollowTheMoney persons and organisations, only for measuring; intake has its own. */
import type { Subject, SubjectDocument, SubjectKind } from "../../agency-node/core/record.ts";

export type FtmEntity = {
  readonly id: string;
  readonly schema: string;
  readonly properties: Readonly<Record<string, readonly string[]>>;
};

const KINDS: Readonly<Record<string, SubjectKind>> = {
  Person: "person",
  Organization: "organisation",
  Company: "organisation",
  LegalEntity: "organisation",
  Vehicle: "vehicle",
  Vessel: "vessel",
};

export function subjectFromFtm({ schema, properties }: FtmEntity): Subject {
  const all = (name: string) => properties[name] ?? [];
  const documents = (name: string, type: SubjectDocument["type"]) => all(name).map((number) => ({ type, number }));
  return {
    kind: KINDS[schema] ?? "person",
    names: [
      ...[...all("name"), ...all("alias")].map((text) => ({ text, strength: "full" as const })),
      ...all("weakAlias").map((text) => ({ text, strength: "weak" as const })),
    ],
    firstNames: all("firstName"),
    middleNames: all("middleName"),
    lastNames: all("lastName"),
    birthDates: all("birthDate"),
    countries: [...all("nationality"), ...all("country")],
    addresses: all("address"),
    documents: [...documents("passportNumber", "passport"), ...documents("idNumber", "nationalId")],
    registrations: all("registrationNumber").map((number) => ({ number })),
    phones: all("phone").map((text) => ({ text })),
    emails: all("email"),
    vins: all("vin"),
    imos: all("imoNumber"),
    mmsis: all("mmsi"),
  };
}
