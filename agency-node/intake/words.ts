/** Words that files use for our closed sets, in languages of the agencies that export them. */
import type { Handling } from "../../shared/core/data-plane.ts";
import type { DocumentType, Sex, SubjectKind, SubjectRole } from "../core/record.ts";

const KINDS = wordTable<SubjectKind>({
  person: "individual, human, natural person, persona, personne, pessoa, persoon, osoba, человек, лицо, особа",
  organisation:
    "organization, company, legal entity, firma, unternehmen, société, entreprise, empresa, azienda, bedrijf",
  vehicle: "car, fahrzeug, véhicule, vehículo, veicolo, veículo, voertuig, pojazd, auto",
  vessel: "ship, boat, schiff, navire, buque, nave, navio, schip, statek",
  device: "phone, sim, gerät, appareil, dispositivo, apparaat, urządzenie",
  account: "bank account, wallet, profile, konto, compte, cuenta, conto, conta, rekening",
  place: "address, ort, lieu, lugar, luogo, plaats, miejsce",
});

const ROLES = wordTable<SubjectRole>({
  suspect:
    "target, verdächtiger, verdächtige, beschuldigter, mis en cause, sospechoso, sospettato, indagato, suspeito, verdachte, podejrzany, подозреваемый",
  associate: "contact, kontaktperson, associé, asociado, associato, associado, contactpersoon",
  asset: "tatmittel, vermögenswert, bien, activo, bene, ativo",
  victim: "opfer, geschädigter, victime, víctima, vittima, vítima, slachtoffer, ofiara",
  possibleVictim:
    "potential victim, presumed victim, mögliches opfer, victime présumée, posible víctima, possibile vittima, mogelijk slachtoffer",
  witness: "zeuge, zeugin, témoin, testigo, testimone, testemunha, getuige, świadek, свидетель",
});

const HANDLINGS = wordTable<Handling>({ open: "offen, ouvert, abierto, aperto", brokered: "", silent: "" });

const SEXES = wordTable<Sex | "unknown">({
  female: "f, w, woman, weiblich, frau, féminin, femme, mujer, femenino, femmina, femminile, feminino, vrouw, kobieta",
  male: "m, man, männlich, mann, masculin, homme, hombre, masculino, maschio, maschile, mężczyzna",
  other: "x, d, diverse, divers",
  unknown: "u, unbekannt, inconnu, desconocido, sconosciuto",
});

const DOCUMENTS = wordTable<DocumentType>({
  passport: "pass, reisepass, passeport, pasaporte, passaporto, passaporte, paspoort, paszport, паспорт",
  nationalId:
    "id, id card, identity card, personalausweis, carte d'identité, dni, carta d'identità, dowód osobisty, identiteitskaart",
  tax: "tax number, steuernummer, numéro fiscal, nif, codice fiscale, nip",
  drivingLicence:
    "driving license, driver license, führerschein, permis de conduire, permiso de conducir, patente, rijbewijs, prawo jazdy",
  residence: "residence permit, aufenthaltstitel, titre de séjour, permiso de residencia, permesso di soggiorno",
  travel: "travel document, reiseausweis, document de voyage",
  other: "",
});

export const kindOf = (text: string): SubjectKind | undefined => KINDS.get(wordKey(text));
export const roleOf = (text: string): SubjectRole | undefined => ROLES.get(wordKey(text));
export const handlingOf = (text: string): Handling | undefined => HANDLINGS.get(wordKey(text));
export const sexOf = (text: string): Sex | "unknown" | undefined => SEXES.get(wordKey(text));
export const documentTypeOf = (text: string): DocumentType => DOCUMENTS.get(wordKey(text)) ?? "other";

/** What is compared of a word: letters and digits, lower case, without marks. */
export function wordKey(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** Every spelling of a value, the value itself among them; spellings are separated by commas. */
export function wordTable<T extends string>(spellings: Readonly<Record<T, string>>): ReadonlyMap<string, T> {
  const pairs = (Object.entries(spellings) as [T, string][]).flatMap(([value, words]) =>
    [value, ...words.split(",")].map((word): [string, T] => [wordKey(word), value]),
  );
  return new Map(pairs.filter(([key]) => key !== ""));
}
