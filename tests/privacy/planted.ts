/**
 * What the units hold, and what nobody else may ever see. Every person, number and address is invented: phones are from a range
 * reserved for drama, account, wallet and device numbers are published examples.
 */
import type { UnitName } from "../support/federation.ts";

type Entity = { readonly id: string; readonly schema: string; readonly properties: Readonly<Record<string, string[]>> };

const ct: Entity[] = [
  {
    id: "REF-ZANTHIUM-0001",
    schema: "Person",
    properties: {
      name: ["Zorvathin Quellbrück"],
      alias: ["Obelinda Marquessa Tyvane"],
      weakAlias: ["Abu Kestrelwing"],
      birthDate: ["1984-03-12"],
      birthPlace: ["Nether Wallowmere"],
      nationality: ["Jordan"],
      address: ["47 Plumfeather Crescent, Oxthwaite OX9 4QQ"],
      passportNumber: ["QZX 9912 3457"],
      idNumber: ["IDN-8842019-KQ"],
      phone: ["+44 7700 900123", "07700 900456"],
      email: ["Zorvathin.Quell@Planted-Mail.example"],
      "causeway:externalReference": ["unhcr:QX-8812-7731-44"],
      "causeway:handle": ["telegram:@Zorvathin_Q84"],
      "causeway:plate": ["KX19 ZPLW"],
      "causeway:plateCountry": ["GB"],
      "causeway:caseReference": ["OP-GLASSHARROW-7731"],
    },
  },
  {
    id: "REF-ZANTHIUM-0002",
    schema: "Vehicle",
    properties: { name: ["Pearl-green Halvorsen hatchback"], vin: ["1M8GDM9AXKP042788"] },
  },
  {
    id: "REF-ZANTHIUM-0003",
    schema: "CryptoWallet",
    properties: { publicKey: ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"], currencySymbol: ["BTC"] },
  },
  // Only here, so that there is something that never meets.
  {
    id: "REF-ZANTHIUM-0004",
    schema: "Person",
    properties: { name: ["Perrigold Ashmunder"], birthDate: ["1971-10-05"], phone: ["+44 7700 900789"] },
  },
];

/** The same person, vehicle and wallet as another unit spells them. */
const wcu = `Kennung;Art;Rolle;Name;Geburtsdatum;Passnummer;Telefonnummer;E-Mail;IBAN;IMEI;Fahrgestellnummer;Wallet-Adresse;Aktenzeichen
WCU-PLANT-20001;Person;Verdächtiger;QUELLBRUECK, Zorvathin;12.03.1984;QZX99123457;0044 7700 900123;;DE89 3704 0044 0532 0130 00;;;;Archiv Rotbuche 4471
WCU-PLANT-20002;Fahrzeug;Tatmittel;;;;;;;;1M8GDM9AXKP042788;;Archiv Rotbuche 4471
WCU-PLANT-20003;Gerät;Tatmittel;;;;;;;490154203237518;;;Archiv Rotbuche 4471
WCU-PLANT-20004;Wallet;Tatmittel;;;;;;;;;bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4;Archiv Rotbuche 4471
WCU-PLANT-20005;Person;Zeuge;Wilhemina Tarnquist;29.05.1982;;+44 7700 900321;tarnquist@planted-mail.example;;;;;Archiv Rotbuche 4471
`;

const thb: Entity[] = [
  {
    id: "THB-PLANT-30001",
    schema: "Person",
    properties: {
      name: ["Wilhelmina Tarnqvist"],
      birthDate: ["1982-05-29"],
      phone: ["+44 7700 900321"],
      "causeway:role": ["victim"],
      "causeway:caseReference": ["Safehouse Juniperlane"],
    },
  },
  {
    id: "THB-PLANT-30002",
    schema: "UserAccount",
    properties: { username: ["zorvathin_q84"], service: ["telegram"], email: ["zorvathin.quell@planted-mail.example"] },
  },
];

/** Sent later, while one of the evaluators is away. */
const late: Entity[] = [
  { id: "THB-PLANT-30003", schema: "Person", properties: { name: ["Late Ondriscova"], phone: ["+44 7700 900654"] } },
];

export const FILES: Readonly<Record<UnitName | "late", string>> = {
  ct: lines(ct),
  wcu,
  thb: lines(thb),
  late: lines(late),
};

/** Of every import: these stand in the options, not in the file. */
export const OPTIONS = { legalBasis: "Statute of Wexmoor, paragraph 88b", defaultCountry: "GB" };

/** Texts that only ever occur in acts that fail or are explained. */
export const IN_ACTS = {
  reason: "Informant Brackenholt says so",
  unknownReference: "REF-NOWHERE-55512",
  notADate: "Michaelmas 20260929",
  format: "spreadsheet-of-Crowmarsh",
  badPhone: "+44 Dunmarrow-5551",
  badDate: "1984-02-31 Eastermoor",
  heading: "Tribal Elder Onomastikon",
  badCell: "Fennimorte Aldwyche",
  brokenJson: "Gostwycke Pelligrane",
  property: "shadowNicknameProperty",
};

/** Files with mistakes: a phone, a date, a line that is no JSON, a heading and a property that nobody knows. */
export const BAD_FILES: readonly string[] = [
  lines([
    { id: "BAD-PLANT-1", schema: "Person", properties: { name: ["Fennimorte Aldwyche"], phone: [IN_ACTS.badPhone] } },
    {
      id: "BAD-PLANT-2",
      schema: "Person",
      properties: { name: [IN_ACTS.badCell], birthDate: [IN_ACTS.badDate], [IN_ACTS.property]: [IN_ACTS.badCell] },
    },
  ]),
  `{"id": "BAD-PLANT-3", "schema": "Person", "properties": {"name": ["${IN_ACTS.brokenJson}"\n`,
  `[{"name": "${IN_ACTS.brokenJson}"}]`,
  `${IN_ACTS.heading}\n${IN_ACTS.badCell}\n`,
  `ref;name;${IN_ACTS.heading}\nBAD-PLANT-4;"${IN_ACTS.badCell};x\n`,
];

/** Every value of the records that were imported, and each longer word of it. */
export function plantedInRecords(): string[] {
  const inFiles = [...ct, ...thb, ...late].flatMap(({ id, properties }) => [
    id,
    ...Object.entries(properties).flatMap(([name, texts]) => (name === "causeway:role" ? [] : texts)),
  ]);
  // The columns of kind and role hold common words.
  const inTable = wcu
    .split("\n")
    .slice(1)
    .flatMap((line) => line.split(";").filter((_, i) => i !== 1 && i !== 2));
  return withWords([...inFiles, ...inTable, OPTIONS.legalBasis]);
}

/** Every value that was only said in acts that failed or were explained. */
export function plantedInActs(): string[] {
  return withWords(Object.values(IN_ACTS));
}

function withWords(texts: readonly string[]): string[] {
  const words = texts.flatMap((text) => text.split(/[\s,:@]+/)).filter((word) => word.length >= 8);
  return [...new Set([...texts, ...words])].filter((text) => text !== "");
}

function lines(entities: readonly Entity[]): string {
  return entities.map((entity) => `${JSON.stringify(entity)}\n`).join("");
}
