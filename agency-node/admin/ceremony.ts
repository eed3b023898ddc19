/**
 * How the salts of an epoch are made on separate machines (protocol section 4).
 *
 *   pledge   each contributor draws 32 bytes for every domain and leaves commitments at the broker
 *   reveal   once all who take part have pledged: seals its contributions to each of them
 *   open     any one of them combines, seals boxes and shares, and proposes `epoch-open`
 *   approve  each contributor combines for itself and signs only an opening that holds this very salt
 *
 * Parties: m or more contributors of the board; the broker, which carries papers and boxes and must learn nothing; members, who get the
 * result in boxes.
 * Who learns a salt: the contributors (it is what one member knows: no token, no identifier); nobody else on the board without m shares.
 * Who can choose it: nobody, as long as one contributor is honest. A contributor reveals only after it has seen everybody's commitment,
 * remembers that set of commitments, and signs no opening made of another set: so nobody can pledge, or pledge anew, after having seen
 * it. The assembler comes last and computes what every other contributor computes too.
 * Weakness: boxes and shares for others cannot be opened by whoever approves. A wrong box is refused, loudly, by the member it is for
 * (it recomputes the commitment); wrong shares show only when a quorum recovers the salt. Neither lets anybody choose a salt.
 */
import { compareBytes, concat, equalBytes, lpText, toHex } from "../../shared/core/bytes.ts";
import type { BoardPaper } from "../../shared/core/board.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Administrator, DomainSalt, EpochOpen, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { combineContributions, CONTRIBUTION_BYTES, contributionCommitment } from "../../shared/crypto/salt.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { saltCommitment } from "../../shared/crypto/token.ts";
import { signPaper } from "../../shared/wire/board.ts";
import { readContributions, writeContributions } from "./contributions.ts";
import type { Contributions } from "./contributions.ts";
import { papersOf } from "./papers.ts";
import type { ReadPaper } from "./papers.ts";
import { openPart, sealPart, sealSalt, withoutContribution } from "./salts.ts";
import type { BareSalt } from "./salts.ts";
import type { Seat } from "./seat.ts";
import { Waiting } from "./waiting.ts";
import { say } from "../../shared/words/say.ts";

type PaperOf<Kind extends BoardPaper["body"]["kind"]> = Extract<BoardPaper["body"], { kind: Kind }>;

/** Who has pledged what, in the order of key ids, and who has revealed it to whom. */
export type Ceremony = {
  readonly pledges: readonly Pledge[];
  /** Latest reveal of each contributor, by its key id in hexadecimal, if it came after its latest pledge. */
  readonly reveals: ReadonlyMap<string, PaperOf<"reveal">>;
};

export type Pledge = { readonly author: Administrator; readonly body: PaperOf<"pledge"> };

const topicOf = (epoch: number): string => `epoch ${epoch}`;

/** Domains that an epoch needs a salt of: those of all members, suspended ones too. */
export function domainsNeeded({ members, suspended }: Federation): Domain[] {
  return [...new Set([...members.values(), ...suspended.values()].flatMap(({ domains }) => domains))];
}

/** What lies at the broker, papers of today's board only. */
export async function readCeremony(seat: Seat, epoch: number): Promise<Ceremony> {
  const papers = await papersOf(seat, topicOf(epoch));
  const pledges = new Map<string, ReadPaper & { readonly body: PaperOf<"pledge"> }>();
  const reveals = new Map<string, PaperOf<"reveal">>();
  // In the order in which they were written: what counts is everybody's last word.
  for (const paper of papers) {
    const { body, author } = paper;
    const id = toHex(keyId(author.signingKey));
    if (body.kind === "pledge" && body.epoch === epoch) {
      pledges.set(id, { ...paper, body });
      reveals.delete(id);
    }
    if (body.kind === "reveal" && body.epoch === epoch) reveals.set(id, body);
  }
  const ordered = [...pledges].sort(([a], [b]) => (a < b ? -1 : 1));
  return { pledges: ordered.map(([, { author, body }]) => ({ author, body })), reveals };
}

/** Draws contributions, keeps them, and leaves the commitments. Throws CONFLICT if that was done; `again` draws new ones. */
export async function pledge(seat: Seat, epoch: number, domains: readonly Domain[], again: boolean): Promise<void> {
  const { dir, federation, office, signer, nowMs } = seat;
  if (!again && readContributions(dir, epoch) !== undefined) {
    throw new CausewayError("CONFLICT", "contributions to this epoch are pledged already; --again draws new ones");
  }
  const parts = new Map(domains.map((domain) => [domain, randomBytes(CONTRIBUTION_BYTES)]));
  // Kept before anybody hears of it: a pledge that cannot be honoured would stop the others.
  writeContributions(dir, epoch, { parts });
  const contributions = [...parts].map(([domain, contribution]) => ({
    domain,
    commitment: commitmentOf(seat, epoch, domain, contribution),
  }));
  const body: PaperOf<"pledge"> = { kind: "pledge", epoch, contributions };
  const paper: BoardPaper = { topic: topicOf(epoch), writtenAtMs: nowMs, body };
  await office.putPaper(signPaper(paper, { federation: federation.id, signer }));
}

/**
 * Seals our contributions to all who have pledged. From here on the set of pledges is closed for us. Throws `Waiting` for fewer pledges
 * than a quorum, NOT_FOUND without our own, CONFLICT if pledges have changed since we revealed or are not for the same domains.
 */
export async function reveal(seat: Seat, epoch: number): Promise<readonly Administrator[]> {
  const own = ownContributions(seat, epoch);
  const { pledges } = await readCeremony(seat, epoch);
  assertOwnPledge(seat, epoch, own, pledges);
  const missing = seat.federation.found.quorum - pledges.length;
  if (missing > 0)
    throw new Waiting([
      say("waiting.pledges", { count: missing, command: `causeway admin epoch pledge DIR ${epoch}` }),
    ]);
  assertSameDomains(pledges);
  const closedSet = setHash(pledges);
  assertStillClosed(own, closedSet);
  // The set first: after a crash in between we would reveal to another set, having forgotten this one.
  writeContributions(seat.dir, epoch, { ...own, closedSet });
  const parts = pledges.flatMap(({ author }) =>
    [...own.parts].map(([domain, contribution]) => ({
      domain,
      administratorKeyId: keyId(author.signingKey),
      sealed: sealPart(placeOf(seat, epoch, domain), contribution, author.sealingKey),
    })),
  );
  const paper: BoardPaper = { topic: topicOf(epoch), writtenAtMs: seat.nowMs, body: { kind: "reveal", epoch, parts } };
  await seat.office.putPaper(signPaper(paper, { federation: seat.federation.id, signer: seat.signer }));
  return pledges.map(({ author }) => author);
}

/**
 * The salts, from everybody's contributions. Throws `Waiting` while a contributor has not revealed, NOT_FOUND if we are none,
 * CONFLICT if pledges have changed since we revealed, UNPROVEN for a contribution that does not fit its commitment.
 */
export async function combine(seat: Seat, epoch: number): Promise<BareSalt[]> {
  const own = ownContributions(seat, epoch);
  const { pledges, reveals } = await readCeremony(seat, epoch);
  if (own.closedSet === undefined) {
    throw new Waiting([say("waiting.ownReveal", { command: `causeway admin epoch reveal DIR ${epoch}` })]);
  }
  assertOwnPledge(seat, epoch, own, pledges);
  assertStillClosed(own, setHash(pledges));
  const silent = pledges.filter(({ author }) => !reveals.has(toHex(keyId(author.signingKey))));
  if (silent.length > 0) {
    const command = `causeway admin epoch reveal DIR ${epoch}`;
    throw new Waiting(silent.map(({ author }) => say("waiting.reveal", { name: author.name, command })));
  }
  const domains = [...own.parts.keys()];
  return domains.map((domain) => combineDomain(seat, epoch, domain, { pledges, reveals }));
}

/** The salts as they go into the directive. `federation`: with the sealing keys that the opening gives to members. */
export async function assemble(federation: Federation, salts: readonly BareSalt[]): Promise<DomainSalt[]> {
  return await Promise.all(salts.map(async (salt) => await sealSalt(federation, salt)));
}

/**
 * (contributor) Throws UNPROVEN, with paths, unless an opening holds the salts that our own computation gives, made of exactly the
 * pledges that were closed when we revealed, with a share for us. Throws as `combine` besides.
 */
export async function assertOpeningHolds(seat: Seat, { epoch, salts }: EpochOpen): Promise<void> {
  const own = await combine(seat, epoch);
  const fields = salts.flatMap((opened, i) => {
    const computed = own.find(({ place }) => place.domain === opened.domain);
    const wrong = computed === undefined ? ["domain"] : faultsOf(seat, opened, computed);
    return wrong.map((field) => `salts[${i}].${field}`);
  });
  if (own.length !== salts.length) fields.push("salts");
  if (fields.length > 0)
    throw new CausewayError("UNPROVEN", "the opening does not hold the salts that we made", { fields });
}

function faultsOf(seat: Seat, opened: DomainSalt, { place, salt, contributions }: BareSalt): string[] {
  const checks: readonly (readonly [field: string, holds: boolean])[] = [
    ["commitment", equalBytes(opened.commitment, saltCommitment({ ...place, salt }))],
    ["contributions", sameContributions(opened.contributions, contributions)],
    ["shares", holdsOwnShare(seat, opened, place)],
  ];
  return checks.filter(([, holds]) => !holds).map(([field]) => field);
}

function combineDomain(seat: Seat, epoch: number, domain: Domain, { pledges, reveals }: Ceremony): BareSalt {
  const place = placeOf(seat, epoch, domain);
  const contributions = pledges.map(({ author, body }) => {
    const administratorKeyId = keyId(author.signingKey);
    const commitment = body.contributions.find((each) => each.domain === domain)?.commitment ?? new Uint8Array(32);
    const revealed = reveals.get(toHex(administratorKeyId)) as PaperOf<"reveal">;
    const part = revealed.parts.find(
      (each) => each.domain === domain && equalBytes(each.administratorKeyId, seat.keyId),
    );
    if (part === undefined) {
      throw new CausewayError("CONFLICT", "a contributor revealed to others than to us; pledge again, all of you");
    }
    return { administratorKeyId, commitment, contribution: openPart(place, part.sealed, seat.sealing) };
  });
  const salt = combineContributions({ ...place, contributions });
  return { place, salt, contributions: contributions.map(withoutContribution) };
}

function ownContributions(seat: Seat, epoch: number): Contributions {
  const own = readContributions(seat.dir, epoch);
  if (own !== undefined) return own;
  throw new CausewayError("NOT_FOUND", `you have pledged nothing: causeway admin epoch pledge DIR ${epoch}`);
}

/** The broker may have lost our pledge, or show an older one of ours. */
function assertOwnPledge(seat: Seat, epoch: number, own: Contributions, pledges: readonly Pledge[]): void {
  const mine = pledges.find(({ author }) => equalBytes(author.signingKey, seat.signer.publicKey));
  const same =
    mine?.body.contributions.length === own.parts.size &&
    mine.body.contributions.every(({ domain, commitment }) => {
      const part = own.parts.get(domain);
      return part !== undefined && equalBytes(commitment, commitmentOf(seat, epoch, domain, part));
    });
  if (!same) throw new CausewayError("CONFLICT", "the broker does not show our pledge; pledge --again");
}

function assertSameDomains(pledges: readonly Pledge[]): void {
  const [first, ...rest] = pledges.map(({ body }) => domainsOf(body));
  if (rest.some((domains) => domains !== first)) {
    throw new CausewayError(
      "CONFLICT",
      "the contributors have pledged for different domains; pledge --again, all of you",
    );
  }
}

function domainsOf({ contributions }: PaperOf<"pledge">): string {
  return contributions
    .map(({ domain }) => domain)
    .sort()
    .join();
}

function assertStillClosed({ closedSet }: Contributions, now: string): void {
  if (closedSet === undefined || closedSet === now) return;
  throw new CausewayError(
    "CONFLICT",
    "somebody has pledged after we revealed, and could have chosen the salt by it; pledge --again, all of you",
  );
}

/** Over who pledged, and to which commitments. */
function setHash(pledges: readonly Pledge[]): string {
  const bytes = pledges.flatMap(({ author, body }) => [
    author.signingKey,
    ...body.contributions
      .toSorted((a, b) => (a.domain < b.domain ? -1 : 1))
      .flatMap(({ domain, commitment }) => [lpText(domain), commitment]),
  ]);
  return toHex(blake2b(32, lpText("causeway/pledges/v1"), concat(...bytes)));
}

function sameContributions(a: DomainSalt["contributions"], b: DomainSalt["contributions"]): boolean {
  const text = (list: DomainSalt["contributions"]): string =>
    list
      .toSorted((one, other) => compareBytes(one.administratorKeyId, other.administratorKeyId))
      .map(({ administratorKeyId, commitment }) => toHex(concat(administratorKeyId, commitment)))
      .join();
  return text(a) === text(b);
}

function holdsOwnShare(seat: Seat, { shares }: DomainSalt, place: BareSalt["place"]): boolean {
  const own = shares.find(({ administratorKeyId }) => equalBytes(administratorKeyId, seat.keyId));
  if (own === undefined) return false;
  try {
    return openPart(place, own.sealed, seat.sealing).length > 1;
  } catch {
    return false;
  }
}

function commitmentOf(seat: Seat, epoch: number, domain: Domain, contribution: Uint8Array): Uint8Array {
  return contributionCommitment({ ...placeOf(seat, epoch, domain), administratorKeyId: seat.keyId, contribution });
}

function placeOf({ federation }: Seat, epoch: number, domain: Domain) {
  return { federation: federation.id, epoch, domain };
}
