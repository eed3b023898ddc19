/** Which column of a CSV file gives which field: guessed from its heading, and always overridable. */
import type { DayMonthOrder } from "./dates.ts";
import { type FieldName, isFieldName, isSingle } from "./field-names.ts";
import { type Problem, problem } from "./problem.ts";
import { wordKey, wordTable } from "./words.ts";

/** Overrides: heading, or `#3` for the third column, to a field or `ignore`. */
export type MappingOverrides = Readonly<Record<string, FieldName | "ignore">>;

export type MappedColumn = {
  /** As the file has it, which may be data if the file has no headings: for the importer's eyes, never for a log. */
  readonly heading: string;
  /** Absent where nothing is known. */
  readonly field?: FieldName | "ignore";
  readonly source: "guessed" | "given" | "unknown";
};

export type ColumnMapping = {
  readonly delimiter: string;
  readonly columns: readonly MappedColumn[];
  /** Of dates with strokes or hyphens; absent where nothing in the file decides. */
  readonly dateOrder?: DayMonthOrder;
};

/** Headings in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, and some in Swedish, Czech, Romanian and Russian. */
const HEADINGS = wordTable<FieldName>({
  reference:
    "ref, id, record id, record, identifier, entity id, owner reference, our reference, aktenzeichen person, referenz, kennung, datensatz, référence, identifiant, referencia, identificador, riferimento, identificativo, referência, referentie, kenmerk, odniesienie, referens, reference číslo, referință, номер записи",
  kind: "subject kind, subject type, type, entity type, schema, art, typ, objektart, sorte, tipo, soort, rodzaj, druh, тип",
  role: "subject role, rolle, eigenschaft, rôle, qualité, rol, papel, ruolo, papel, hoedanigheid, rola, roll, роль",
  name: "full name, fullname, complete name, names, vollständiger name, voller name, gesamtname, nom complet, nombre completo, nombre y apellidos, nome completo, nominativo, volledige naam, naam, imię i nazwisko, fullständigt namn, celé jméno, nume complet, фио, имя полностью, company name, firmenname, raison sociale, razón social, ragione sociale, denominazione, vessel name, ship name, schiffsname",
  alias:
    "aliases, aka, a.k.a., also known as, other names, aliasname, aliasnamen, andere namen, autres noms, otros nombres, altri nomi, outros nomes, andere naam, inne nazwiska, псевдоним, maiden name, geburtsname, mädchenname, nom de naissance, nom de jeune fille, apellido de soltera, cognome da nubile, geboortenaam, nazwisko rodowe, previous name",
  weakAlias:
    "weak alias, nickname, nicknames, nom de guerre, kunya, street name, moniker, spitzname, rufname, surnom, sobriquet, apodo, mote, soprannome, apelido de rua, alcunha, bijnaam, pseudonim, przezwisko, smeknamn, кличка, прозвище",
  firstName:
    "first name, first names, forename, forenames, given name, given names, christian name, vorname, vornamen, prénom, prénoms, nombre, nombres, nome, nome próprio, voornaam, voornamen, imię, imiona, förnamn, jméno, křestní jméno, prenume, имя",
  middleName:
    "middle names, second name, patronymic, zweiter vorname, mittelname, deuxième prénom, segundo nombre, secondo nome, segundo nome, tweede naam, drugie imię, mellannamn, otčestvo, отчество",
  lastName:
    "last name, last names, surname, surnames, family name, nachname, familienname, zuname, nom, nom de famille, apellido, apellidos, cognome, sobrenome, apelido, achternaam, familienaam, nazwisko, efternamn, příjmení, nume, nume de familie, фамилия",
  birthDate:
    "date of birth, dob, birthdate, birthday, born, d.o.b., geburtsdatum, geb., geb.datum, geboren, geboren am, date de naissance, né le, née le, ddn, fecha de nacimiento, f. nacimiento, data di nascita, nato il, data de nascimento, geboortedatum, data urodzenia, födelsedatum, datum narození, data nașterii, дата рождения",
  birthPlace:
    "place of birth, pob, birthplace, town of birth, geburtsort, lieu de naissance, lugar de nacimiento, luogo di nascita, local de nascimento, naturalidade, geboorteplaats, miejsce urodzenia, födelseort, místo narození, locul nașterii, место рождения",
  sex: "gender, geschlecht, sexe, sexo, sesso, geslacht, płeć, kön, pohlaví, пол",
  nationality:
    "nationalities, citizenship, country, flag, country code, staatsangehörigkeit, nationalität, staat, land, nationalité, pays, nacionalidad, país, ciudadanía, nazionalità, cittadinanza, paese, nacionalidade, nationaliteit, obywatelstwo, narodowość, kraj, medborgarskap, národnost, státní občanství, naționalitate, cetățenie, гражданство, национальность, страна",
  address:
    "addresses, home address, street address, residence, anschrift, adresse, wohnanschrift, adresse postale, domicile, dirección, domicilio, indirizzo, residenza, endereço, morada, adres, woonadres, adres zamieszkania, adress, adresa, адрес",
  documentNumber:
    "document, document no, doc no, document id, ausweisnummer, dokumentennummer, dokumentnummer, numéro de document, número de documento, n documento, numero documento, numero di documento, documentnummer, numer dokumentu, číslo dokladu, номер документа",
  documentType:
    "doc type, type of document, dokumentart, dokumenttyp, ausweisart, type de document, tipo de documento, tipo documento, documenttype, soort document, rodzaj dokumentu, тип документа",
  documentCountry:
    "issuing country, country of issue, issuer, document issuer, passport country, ausstellender staat, ausstellungsland, pays d'émission, pays de délivrance, país emisor, país de expedición, paese di rilascio, país de emissão, land van afgifte, kraj wydania, страна выдачи",
  passportNumber:
    "passport, passport no, passport nr, passports, reisepass, passnummer, reisepassnummer, passeport, numéro de passeport, n passeport, pasaporte, número de pasaporte, passaporto, numero passaporto, passaporte, número do passaporte, paspoort, paspoortnummer, paszport, numer paszportu, číslo pasu, pașaport, паспорт, номер паспорта",
  nationalId:
    "national identity number, national id number, id number, id no, idnumber, identity number, identity card, id card, nin, personalausweis, personalausweisnummer, personalnummer, carte d'identité, numéro national, nir, dni, nie, documento nacional de identidad, carta d'identità, cartão de cidadão, identiteitskaart, bsn, rijksregisternummer, pesel, personnummer, rodné číslo, cnp, personal number, social security number, ssn",
  taxNumber:
    "tax id, tax no, tin, vat, vat number, steuernummer, steuer id, ust id, numéro fiscal, nif, número de identificación fiscal, codice fiscale, partita iva, contribuinte, fiscaal nummer, btw nummer, nip, инн, inn",
  drivingLicence:
    "driving license, driving licence number, driver license, driver's license, drivers licence, führerschein, führerscheinnummer, permis de conduire, permiso de conducir, carnet de conducir, patente di guida, carta de condução, rijbewijs, prawo jazdy, körkort, водительское удостоверение",
  registrationNumber:
    "organisation number, organization number, company number, company registration, registration no, register number, handelsregisternummer, hrb, registernummer, siren, siret, numéro d'immatriculation rcs, cif, número de registro, numero rea, registo comercial, kvk, kvk nummer, krs, regon, organisationsnummer, ičo, cui, огрн, lei",
  registrationCountry:
    "country of registration, registration country, registerland, sitzland, pays d'immatriculation de la société, jurisdiction",
  externalReference:
    "external id, other reference, case system reference, unhcr, unhcr number, interpol notice, interpol number",
  phone:
    "phones, phone no, phone number, telephone, telephone number, tel, tel., tel no, mobile, mobile phone, mobile number, cell, cell phone, msisdn, whatsapp, telefon, telefonnummer, handy, handynummer, mobil, mobilnummer, rufnummer, téléphone, numéro de téléphone, portable, gsm, teléfono, móvil, celular, telefono, cellulare, telefone, telemóvel, telefoon, telefoonnummer, mobiel, numer telefonu, komórka, telefonní číslo, телефон, номер телефона",
  phoneCountry: "country of phone, telephone country, telefonland",
  email:
    "e-mail, e-mails, mail, email address, e-mail address, e-mail-adresse, mailadresse, courriel, adresse électronique, correo, correo electrónico, posta elettronica, correio eletrónico, e-mailadres, adres e-mail, e-post, электронная почта, почта",
  handle:
    "handles, user name, username, account name, social media, social account, screen name, profile, benutzername, nutzername, profil, nom d'utilisateur, pseudo, pseudonyme, usuario, nombre de usuario, nome utente, usuário, gebruikersnaam, nazwa użytkownika, логин, ник",
  platform:
    "service, network, social network, plattform, plateforme, plataforma, piattaforma, netwerk, platforma, платформа",
  wallet:
    "wallets, wallet address, crypto wallet, crypto address, bitcoin address, btc address, krypto adresse, wallet adresse, portefeuille, adresse crypto, cartera, monedero, portafoglio, carteira, portfel, кошелек",
  walletChain:
    "chain, blockchain, currency, coin, crypto currency, währung, devise, monnaie, moneda, valuta, moeda, waluta",
  iban: "iban number, iban nummer, bank account, bank account number, account number, kontonummer, bankverbindung, compte bancaire, rib, cuenta bancaria, conto bancario, conta bancária, rekeningnummer, numer konta, банковский счет",
  plate:
    "plates, plate number, number plate, license plate, licence plate, vrm, vehicle registration, vehicle registration number, kennzeichen, kfz kennzeichen, amtliches kennzeichen, immatriculation, plaque, plaque d'immatriculation, matrícula, placa, targa, kenteken, numer rejestracyjny, tablica rejestracyjna, registreringsnummer, spz, număr de înmatriculare, госномер, номерной знак",
  plateCountry:
    "plate state, country of plate, vehicle country, kennzeichen land, zulassungsland, pays d'immatriculation, país de matrícula, paese targa",
  vin: "vin number, chassis number, chassis, chassis no, frame number, fahrgestellnummer, fin, fahrzeug identifizierungsnummer, numéro de châssis, numéro de série véhicule, bastidor, número de bastidor, numero di telaio, telaio, número do chassi, chassisnummer, numer vin, chassinummer",
  imo: "imo number, imo no, imo nummer, numéro imo, número imo, numero imo, numer imo",
  mmsi: "mmsi number, mmsi no, mmsi nummer",
  imei: "imei number, imei no, imei nummer, imeisv, device imei",
  imsi: "imsi number, imsi no, imsi nummer",
  legalBasis:
    "legal base, lawful basis, legal ground, rechtsgrundlage, base légale, base juridique, fondement juridique, base jurídica, base legal, base giuridica, rechtsgrond, wettelijke basis, podstawa prawna, rättslig grund, právní základ, temei juridic, правовое основание",
  caseReference:
    "case, case no, case number, case ref, case id, file number, investigation, aktenzeichen, az, vorgang, vorgangsnummer, verfahren, fallnummer, numéro de dossier, dossier, affaire, procédure, número de caso, expediente, caso, fascicolo, numero caso, procedimento, processo, número do processo, zaaknummer, dossiernummer, numer sprawy, sygnatura, ärende, ärendenummer, číslo jednací, spisová značka, număr dosar, номер дела",
  handling:
    "handling code, handling level, disclosure, umgang, behandlung, traitement, tratamiento, trattamento, behandeling",
  reviewBy:
    "review date, review, review due, expiry, expires, expiry date, retention until, valid until, delete by, prüfdatum, prüffrist, wiedervorlage, aussonderungsprüfdatum, löschfrist, gültig bis, date de révision, date de réexamen, à revoir le, fecha de revisión, data di revisione, data de revisão, herzieningsdatum, controledatum, data przeglądu, datum kontroly, дата пересмотра",
  sourceGrading:
    "grading, source grade, evaluation, 4x4, quellenbewertung, bewertung, évaluation, evaluación, valutazione, avaliação, beoordeling, ocena",
});

export type MappingResult = { readonly columns: readonly MappedColumn[]; readonly problems: readonly Problem[] };

/** Maps headings to fields. `line` is where the headings stand. */
export function mapColumns(headings: readonly string[], overrides: MappingOverrides, line: number): MappingResult {
  const given = new Map(Object.entries(overrides).map(([key, field]) => [overrideKey(key), field]));
  const used = new Set<string>();
  const first = headings.map((heading, i): MappedColumn => {
    const key = [`#${i + 1}`, wordKey(heading)].find((candidate) => given.has(candidate));
    if (key !== undefined) used.add(key);
    const field = key === undefined ? HEADINGS.get(wordKey(heading)) : given.get(key);
    return { heading, ...(field && { field }), source: key === undefined ? (field ? "guessed" : "unknown") : "given" };
  });
  const columns = settleNames(first);
  const problems = columnProblems(columns, line);
  if (used.size < given.size) problems.push(problem(line, "mapping", "MAPPING_UNKNOWN"));
  return { columns: columns.map((column, i) => (isRepeated(columns, i) ? withoutField(column) : column)), problems };
}

/** The delimiter that makes most of the line's cells known headings, then the one that makes most cells. */
export function delimiterOf(headingLine: string): string {
  const score = (delimiter: string) => {
    const cells = headingLine.split(delimiter);
    return cells.filter((cell) => HEADINGS.has(wordKey(cell))).length * 10_000 + cells.length;
  };
  return [",", ";", "\t"].reduce((best, candidate) => (score(candidate) > score(best) ? candidate : best));
}

/** Parses `column=field` of a command line; undefined where the right side is no field. */
export function parseOverride(text: string): readonly [string, FieldName | "ignore"] | undefined {
  const at = text.lastIndexOf("=");
  const field = text.slice(at + 1).trim();
  if (at < 1 || !(field === "ignore" || isFieldName(field))) return undefined;
  return [text.slice(0, at).trim(), field];
}

/**
 * One word for the surname and for the whole name ("Name" beside "Vorname", "Nom" alone): the other columns decide.
 */
function settleNames(columns: readonly MappedColumn[]): MappedColumn[] {
  const has = (field: FieldName) => columns.some((column) => column.field === field);
  const surnameOnly = has("firstName") && !has("lastName");
  const wholeOnly = !has("name") && has("firstName") !== has("lastName");
  return columns.map((column) => {
    if (column.source !== "guessed") return column;
    if (column.field === "name" && surnameOnly) return { ...column, field: "lastName" };
    return wholeOnly && WHOLE_OR_PART.has(wordKey(column.heading)) ? { ...column, field: "name" } : column;
  });
}

const WHOLE_OR_PART = new Set(["nom", "nome", "nombre", "nume", "jmeno"]);

function overrideKey(key: string): string {
  return /^#[1-9]\d*$/.test(key) ? key : wordKey(key);
}

function columnProblems(columns: readonly MappedColumn[], line: number): Problem[] {
  return columns.flatMap(({ field, heading }, i) => {
    if (field === undefined) return heading.trim() === "" ? [] : [problem(line, `columns[${i}]`, "COLUMN_UNKNOWN")];
    return isRepeated(columns, i) ? [problem(line, `columns[${i}]`, "COLUMN_TWICE")] : [];
  });
}

/** Two columns may both give a phone; two may not both give the reference. */
function isRepeated(columns: readonly MappedColumn[], index: number): boolean {
  const field = columns[index]?.field;
  return (
    field !== undefined &&
    field !== "ignore" &&
    isSingle(field) &&
    columns.findIndex((column) => column.field === field) < index
  );
}

function withoutField({ heading, source }: MappedColumn): MappedColumn {
  return { heading, source };
}
