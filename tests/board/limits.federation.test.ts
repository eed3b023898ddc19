/** Nobody fills the board's desk against the others, and a board of any size has room for its work. Everything is invented. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fitting } from "../../broker/board/core/fitting.ts";
import {
  ANSWER_BYTES_MAX,
  ENDED_INVITATIONS_OF_ONE_MAX,
  INVITATIONS_OF_ONE_MAX,
  OFFERS_OF_ONE_MAX,
  PAPERS_OF_ONE_MAX,
} from "../../broker/board/limits.ts";
import { BoardStore } from "../../broker/board/store/board-store.ts";
import type { BoardPaper } from "../../shared/core/board.ts";
import { toHex, utf8 } from "../../shared/core/bytes.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { BOARD_SEATS_MAX } from "../../shared/core/limits.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { sealingKeyPair, sealTo } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { openPaper, signPaper } from "../../shared/wire/board.ts";
import { BoardRoom } from "./support.ts";

const FEDERATION = randomBytes(16);
const REFUSED = expect.objectContaining({ code: "EXHAUSTED" }) as Error;
const TOPIC = "epoch 2";

/** What one administrator needs sealed to another: of the size that a contribution has. */
const SEALED = sealTo(sealingKeyPair(randomBytes(32)).publicKey, randomBytes(110), randomBytes(32));

type Seat = { readonly signer: SigningKeyPair; readonly id: string };

const seatsOf = (count: number): Seat[] =>
  Array.from({ length: count }, () => {
    const signer = signingKeyPair(randomBytes(32));
    return { signer, id: toHex(keyId(signer.publicKey)) };
  });

/** Board and desk, and what its administrators say there. */
class Sitting implements Disposable {
  readonly store: BoardStore;
  board: Seat[];
  #written = 0;

  constructor(seats: number, store = new BoardStore(":memory:", FEDERATION)) {
    this.board = seatsOf(seats);
    this.store = store;
  }

  put(seat: Seat, topic: string, body: BoardPaper["body"]): void {
    const scope = { federation: FEDERATION, signer: seat.signer };
    const signed = signPaper({ topic, writtenAtMs: (this.#written += 1), body }, scope);
    expect(openPaper(signed, FEDERATION, () => seat.signer.publicKey).keyId).toBe(seat.id);
    this.putBytes(seat, topic, signed);
  }

  putBytes({ id: author }: Seat, topic: string, signed: Uint8Array): void {
    this.store.papers.put({ topic, author, signed }, new Set(this.board.map(({ id }) => id)), (this.#written += 1));
  }

  /** A whole ceremony: each seat pledges in all domains, and reveals to each. */
  ceremony(): void {
    const contributions = DOMAINS.map((domain) => ({ domain, commitment: randomBytes(32) }));
    for (const seat of this.board) this.put(seat, TOPIC, { kind: "pledge", epoch: 2, contributions });
    const parts = this.board.flatMap(({ signer }) =>
      DOMAINS.map((domain) => ({ domain, administratorKeyId: keyId(signer.publicKey), sealed: SEALED })),
    );
    for (const seat of this.board) this.put(seat, TOPIC, { kind: "reveal", epoch: 2, parts });
  }

  /** Papers, until there is no room; how many. */
  fill(seat: Seat, topicOf: (i: number) => string, bytes: number): number {
    for (let i = 0; ; i += 1) {
      try {
        this.putBytes(seat, topicOf(i), randomBytes(bytes));
      } catch (error) {
        expect(error).toEqual(REFUSED);
        return i;
      }
    }
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }
}

const weigh = (papers: readonly Uint8Array[]): number => papers.reduce((sum, { length }) => sum + length, 0);

describe("papers of the board", () => {
  it("have room for a ceremony in which every seat of the largest board takes part, in one answer", () => {
    using sitting = new Sitting(BOARD_SEATS_MAX);
    sitting.ceremony();
    const papers = sitting.store.papers.ofTopic(TOPIC);
    expect(papers).toHaveLength(2 * BOARD_SEATS_MAX);
    expect(weigh(papers)).toBeLessThan(ANSWER_BYTES_MAX);
    expect(fitting(sitting.store.papers.newest(), ({ length }) => length, ANSWER_BYTES_MAX)).toHaveLength(
      papers.length,
    );
  });

  it.each([2, 5, 20])("have room for ceremonies that begin again, on a board of %i", (seats) => {
    using sitting = new Sitting(seats);
    for (let round = 0; round < 4; round += 1) sitting.ceremony();
    expect(weigh(sitting.store.papers.ofTopic(TOPIC))).toBeLessThan(ANSWER_BYTES_MAX);
  });

  it("of one administrator leave room for all the others', in the same topic and in any", () => {
    using sitting = new Sitting(5);
    const [ill] = sitting.board as [Seat];
    expect(sitting.fill(ill, () => TOPIC, 4_096)).toBeGreaterThan(1);
    expect(sitting.fill(ill, (i) => `invented ${i}`, 32)).toBeLessThan(PAPERS_OF_ONE_MAX);
    sitting.board = sitting.board.filter((seat) => seat !== ill);
    sitting.ceremony();
  });

  it("of one administrator do not push the others' out of the list of all topics", () => {
    using sitting = new Sitting(4);
    const [honest, ...ill] = sitting.board as [Seat, Seat, Seat, Seat];
    for (let i = 0; i < 20; i += 1) sitting.putBytes(honest, TOPIC, randomBytes(200));
    for (const seat of ill) sitting.fill(seat, (i) => `invented ${i}`, 60_000);
    const all = [...sitting.store.papers.newest()];
    const listed = fitting(all, ({ length }) => length, ANSWER_BYTES_MAX);
    expect(listed.length).toBeLessThan(all.length);
    expect(listed.filter(({ length }) => length === 200)).toHaveLength(20);
  });

  it("go with the administrator who wrote them", () => {
    using sitting = new Sitting(3);
    const [former, staying] = sitting.board as [Seat, Seat];
    for (const seat of [former, staying]) sitting.putBytes(seat, TOPIC, randomBytes(32));
    sitting.board = sitting.board.slice(1);
    sitting.putBytes(staying, "another topic", randomBytes(32));
    expect(sitting.store.papers.ofTopic(TOPIC)).toHaveLength(1);
  });
});

describe("invitations", () => {
  const invitation = (validUntilMs = 10_000) => ({ secretHash: randomBytes(32), note: "Invented unit", validUntilMs });
  const by = (author: string) => ({ author, signed: new Uint8Array(1) });

  it("of one administrator leave room for the others'", () => {
    using store = new BoardStore(":memory:", FEDERATION);
    const { enrolments } = store;
    for (let i = 0; i < INVITATIONS_OF_ONE_MAX; i += 1) enrolments.invite(invitation(), by("aa"), 0);
    expect(() => enrolments.invite(invitation(), by("aa"), 0)).toThrow(REFUSED);
    enrolments.invite(invitation(), by("bb"), 0);
    // Those that have run out make room.
    enrolments.invite(invitation(20_000), by("aa"), 10_000);
  });

  it("that have ended do not pile up, nor what was handed in by them", () => {
    using store = new BoardStore(":memory:", FEDERATION);
    const { enrolments } = store;
    const other = invitation();
    enrolments.invite(other, by("bb"), 0);
    enrolments.enrol({ secretHash: other.secretHash, keyId: "other", enrolment: utf8("{}"), nowMs: 1 });
    for (let i = 0; i < 2 * ENDED_INVITATIONS_OF_ONE_MAX; i += 1) {
      const own = invitation();
      enrolments.invite(own, by("aa"), i);
      const nowMs = i + 1;
      enrolments.enrol({ secretHash: own.secretHash, keyId: `${i}`, enrolment: utf8(`{"i":${i}}`), nowMs });
    }
    const kept = enrolments.enrolments().map(({ keyId: id }) => id);
    expect(kept).toHaveLength(1 + ENDED_INVITATIONS_OF_ONE_MAX + 1);
    expect(kept).toContain("other");
    expect(kept.at(-1)).toBe(`${2 * ENDED_INVITATIONS_OF_ONE_MAX - 1}`);
  });
});

describe("offers of keys", () => {
  it("of one party are one at a time and only so many; the same again costs nothing", () => {
    using store = new BoardStore(":memory:", FEDERATION);
    const { preparation } = store;
    const [one, other] = ["01", "02"].map((byte) => toId<MemberId>(byte.repeat(16))) as [MemberId, MemberId];
    const offers = Array.from({ length: OFFERS_OF_ONE_MAX }, () => randomBytes(128));
    for (const offer of offers) {
      preparation.offerKey(one, 2, offer);
      preparation.offerShare("key-office", 2, offer);
    }
    const last = offers.at(-1) as Uint8Array;
    const { changeCount } = store;
    preparation.offerKey(one, 2, last);
    preparation.offerShare("key-office", 2, last);
    expect(store.changeCount).toBe(changeCount);
    expect(() => preparation.offerKey(one, 2, randomBytes(128))).toThrow(REFUSED);
    expect(() => preparation.offerShare("key-office", 2, randomBytes(128))).toThrow(REFUSED);
    preparation.offerKey(other, 2, randomBytes(128));
    preparation.offerShare("another-office", 2, randomBytes(128));
    preparation.offerKey(one, 3, randomBytes(128));
    expect(preparation.keyOffers(2).map(toHex)).toHaveLength(2);
    expect(preparation.keyOffers(2).map(toHex)).toContain(toHex(last));
    expect(preparation.shareOffers(2)).toHaveLength(2);
  });
});

describe("a running broker", () => {
  let room: BoardRoom;
  beforeAll(async () => {
    room = await BoardRoom.open();
  }, 30_000);
  afterAll(async () => await room?.[Symbol.asyncDispose]());

  it("hands out all papers of a ceremony of the largest board", async () => {
    await room.federation.stop("broker");
    const path = join(room.federation.dir("broker"), "data", "board.sqlite");
    {
      using sitting = new Sitting(BOARD_SEATS_MAX, new BoardStore(path, room.federation.board.federation.id));
      sitting.ceremony();
    }
    await room.federation.startBroker();
    expect((await room.board("chair").listPapers({ topic: TOPIC })).papers).toHaveLength(2 * BOARD_SEATS_MAX);
    expect((await room.board("chair").listPapers({})).papers).toHaveLength(2 * BOARD_SEATS_MAX);
  });
});
