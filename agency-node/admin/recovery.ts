/**
 * The salts of open epochs, recovered from shares: for a member that is admitted, reinstated or gets new keys while epochs are open, and
 * for the shares of a new board (protocol sections 4 and 5).
 *
 *   ask      the proposer leaves a request that says for what it needs the salts of which epochs
 *   release  other administrators read the purpose, open their own share from the chain and seal it to the one who asked
 *   recover  with shares of a quorum (its own is one) the proposer combines, and checks each salt against its commitment in the chain
 *
 * Who learns a salt: the administrator who asked. It is what one member knows; no token, no identifier. A release names the asking
 * administrator's key inside the seal, so that nobody can pass it on to another under the releaser's name.
 * A wrong share makes a combination miss the commitment: others are tried, so that one administrator cannot stop a quorum.
 */
import { combine } from "shamir-secret-sharing";
import { equalBytes, lpText, toHex } from "../../shared/core/bytes.ts";
import type { BoardPaper } from "../../shared/core/board.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import type { Administrator, Admit, BoardChange, EpochSalt, EpochSalts, Found } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { SaltPlace } from "../../shared/crypto/salt.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { saltCommitment, saltKey } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import { signPaper } from "../../shared/wire/board.ts";
import { papersOf } from "./papers.ts";
import type { ReadPaper } from "./papers.ts";
import { openPart, sealBox, sealPart, shareSalt } from "./salts.ts";
import type { Seat } from "./seat.ts";
import { Waiting } from "./waiting.ts";
import { say } from "../../shared/words/say.ts";

type PaperOf<Kind extends BoardPaper["body"]["kind"]> = Extract<BoardPaper["body"], { kind: Kind }>;
type Request = ReadPaper & { readonly body: PaperOf<"shareRequest"> };
type Recovered = { readonly place: SaltPlace; readonly salt: SaltKey };

/** More combinations than any sane board has; beyond them something is wrong with more than a share. */
const COMBINATIONS_MAX = 2_000;
const MARK_BYTES = 16;

/** Salts of every open epoch in the member's domains, sealed to its key. Throws as `recoverSalts`. */
export async function saltsFor(
  seat: Seat,
  admit: Pick<Admit, "domains" | "sealingKey">,
  purpose: string,
): Promise<EpochSalt[]> {
  const salts = await recoverSalts(seat, purpose);
  return salts
    .filter(({ place }) => admit.domains.includes(place.domain))
    .map(({ place, salt }) => ({
      epoch: place.epoch,
      domain: place.domain,
      sealed: sealBox(place, salt, admit.sealingKey),
    }));
}

/** New shares of every open salt for a board to come. Throws as `recoverSalts`. */
export async function sharesForBoard(
  seat: Seat,
  board: Pick<Found, "board" | "quorum">,
  purpose: string,
): Promise<BoardChange["shares"]> {
  const salts = await recoverSalts(seat, purpose);
  return await Promise.all(
    salts.map(async ({ place, salt }) => ({
      epoch: place.epoch,
      domain: place.domain,
      shares: await shareSalt(board, place, salt),
    })),
  );
}

/**
 * The salts of all open epochs; none while none is open. Asks for shares where that was not done yet. Throws `Waiting` until enough are
 * released, UNPROVEN if there are enough and no quorum of them fits the commitment.
 */
export async function recoverSalts(seat: Seat, purpose: string): Promise<Recovered[]> {
  const places = openPlaces(seat);
  if (places.length === 0) return [];
  const topic = topicOf(seat, purpose);
  const papers = await papersOf(seat, topic);
  const epochs = openEpochs(seat.federation).map(({ epoch }) => epoch);
  const asked = papers.some(
    ({ author, body }) =>
      body.kind === "shareRequest" && isSelf(seat, author) && epochs.every((e) => body.epochs.includes(e)),
  );
  if (!asked) await ask(seat, topic, { kind: "shareRequest", purpose, epochs });
  return await Promise.all(places.map(async ({ place, held }) => await recover(seat, place, held, papers)));
}

/** Requests of others for salts of epochs that are open, newest first; a request that was repeated stands once. */
export async function openRequests(seat: Seat): Promise<Request[]> {
  const epochs = openEpochs(seat.federation).map(({ epoch }) => epoch);
  const papers = await papersOf(seat);
  const requests = papers.flatMap((paper): Request[] => {
    const { body } = paper;
    const current = paper.topic.endsWith(sharesMark(seat));
    const wanted = current && body.kind === "shareRequest" && body.epochs.some((epoch) => epochs.includes(epoch));
    return wanted && !isSelf(seat, paper.author) ? [{ ...paper, body }] : [];
  });
  const latest = new Map(requests.map((each) => [`${each.topic} ${toHex(keyId(each.author.signingKey))}`, each]));
  return [...latest.values()].filter((request) => !isReleased(seat, request, papers)).toReversed();
}

/** Seals our shares of all open salts that were asked for to the one who asked. */
export async function releaseShares(seat: Seat, { topic, author, body }: Request): Promise<void> {
  const shares = openPlaces(seat)
    .filter(({ place }) => body.epochs.includes(place.epoch))
    .map(({ place, held }) => ({
      epoch: place.epoch,
      domain: place.domain,
      sealed: sealPart(place, ownShare(seat, place, held), author.sealingKey),
    }));
  const release: PaperOf<"shareRelease"> = {
    kind: "shareRelease",
    toAdministratorKeyId: keyId(author.signingKey),
    shares,
  };
  await ask(seat, topic, release);
}

/** Where papers about salts for a purpose lie. */
export function topicOf(seat: Seat, purpose: string): string {
  return `salts: ${purpose} ${sharesMark(seat)}`;
}

/**
 * Names the shares that are in force. A change of the board replaces all of them, and shares of two sets do not combine: what was asked
 * for or released before it counts no more.
 */
function sharesMark(seat: Seat): string {
  const sealed = openPlaces(seat).flatMap(({ held }) => held.shares.map((share) => share.sealed));
  return `of shares ${toHex(blake2b(MARK_BYTES, lpText("causeway/shares-mark/v1"), ...sealed))}`;
}

async function ask(seat: Seat, topic: string, body: BoardPaper["body"]): Promise<void> {
  const paper: BoardPaper = { topic, writtenAtMs: seat.nowMs, body };
  await seat.office.putPaper(signPaper(paper, { federation: seat.federation.id, signer: seat.signer }));
}

function isReleased(seat: Seat, request: Request, papers: readonly ReadPaper[]): boolean {
  const asker = keyId(request.author.signingKey);
  const released = papers.flatMap(({ topic, author, body }) =>
    topic === request.topic &&
    isSelf(seat, author) &&
    body.kind === "shareRelease" &&
    equalBytes(body.toAdministratorKeyId, asker)
      ? body.shares.map(({ epoch }) => epoch)
      : [],
  );
  return request.body.epochs.every((epoch) => released.includes(epoch));
}

function openPlaces({ federation }: Seat): { readonly place: SaltPlace; readonly held: EpochSalts }[] {
  return openEpochs(federation).flatMap(({ epoch, salts }) =>
    salts.map((held) => ({ place: { federation: federation.id, epoch, domain: held.domain }, held })),
  );
}

async function recover(
  seat: Seat,
  place: SaltPlace,
  held: EpochSalts,
  papers: readonly ReadPaper[],
): Promise<Recovered> {
  const { quorum } = seat.federation.found;
  const shares = [ownShare(seat, place, held), ...releasedTo(seat, place, papers).values()];
  if (shares.length < quorum) {
    const who = seat.federation.found.board.filter((each) => !isSelf(seat, each)).map(({ name }) => name);
    throw new Waiting([
      say("waiting.shares", {
        count: quorum - shares.length,
        command: "causeway admin release-shares DIR",
        names: who.join(", "),
      }),
      say("waiting.again"),
    ]);
  }
  for (const some of combinations(shares, quorum)) {
    const salt = await tryCombination(some);
    if (salt !== undefined && equalBytes(saltCommitment({ ...place, salt }), held.commitment)) return { place, salt };
  }
  throw new CausewayError("UNPROVEN", "the released shares do not give the salt that the chain has committed to");
}

/** One for each releasing administrator, ours not among them. What is not for us, or of another salt, does not count. */
function releasedTo(seat: Seat, place: SaltPlace, papers: readonly ReadPaper[]): Map<string, Uint8Array> {
  const shares = new Map<string, Uint8Array>();
  for (const { author, body } of papers) {
    if (body.kind !== "shareRelease" || isSelf(seat, author)) continue;
    if (!equalBytes(body.toAdministratorKeyId, seat.keyId)) continue;
    const released = body.shares.find(({ epoch, domain }) => epoch === place.epoch && domain === place.domain);
    const share = released === undefined ? undefined : tryOpen(seat, place, released.sealed);
    if (share !== undefined) shares.set(toHex(keyId(author.signingKey)), share);
  }
  return shares;
}

function ownShare(seat: Seat, place: SaltPlace, { shares }: EpochSalts): Uint8Array {
  const own = shares.find(({ administratorKeyId }) => equalBytes(administratorKeyId, seat.keyId));
  if (own === undefined) throw new CausewayError("NOT_FOUND", "the chain has no share for us");
  return openPart(place, own.sealed, seat.sealing);
}

function tryOpen(seat: Seat, place: SaltPlace, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return openPart(place, sealed, seat.sealing);
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}

/** Undefined for shares that do not even belong together. */
async function tryCombination(shares: readonly Uint8Array[]): Promise<SaltKey | undefined> {
  try {
    return saltKey(await combine([...shares]));
  } catch {
    return undefined;
  }
}

/** All choices of `size` items, the first ones first, `COMBINATIONS_MAX` at most. */
function* combinations<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  let count = 0;
  function* choose(from: number, chosen: readonly Item[]): Generator<readonly Item[]> {
    if (chosen.length === size) {
      count += 1;
      if (count <= COMBINATIONS_MAX) yield chosen;
      return;
    }
    for (let i = from; i <= items.length - (size - chosen.length) && count < COMBINATIONS_MAX; i += 1) {
      yield* choose(i + 1, [...chosen, items[i] as Item]);
    }
  }
  yield* choose(0, []);
}

function isSelf(seat: Seat, { signingKey }: Administrator): boolean {
  return equalBytes(signingKey, seat.signer.publicKey);
}
