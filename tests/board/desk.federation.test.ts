/** What administrators, registrar and units leave at the broker for each other. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBoard } from "../../broker/board/board.ts";
import { BoardStore } from "../../broker/board/store/board-store.ts";
import { Directory } from "../../broker/store/directory.ts";
import { toHex, utf8 } from "../../shared/core/bytes.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { silentLog } from "../../shared/world/log.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { createTlsRequest } from "../../shared/platform/certificates.ts";
import { invitationKeys, signCredentialsRequest, signInvitation, signPaper } from "../../shared/wire/board.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { BoardRoom, within } from "./support.ts";
import { AT_ONCE_MS, LONG_MS } from "../support/patience.ts";
import { chainOnDisk } from "../../broker/disk/chain-on-disk.ts";
import { SignInDesk } from "../../broker/board/sign-in-desk.ts";
import { systemWorld } from "../../shared/world/world.ts";

let room: BoardRoom;
beforeAll(async () => {
  room = await BoardRoom.open();
}, LONG_MS);
afterAll(async () => await room?.[Symbol.asyncDispose](), LONG_MS);

const scope = (party: string) => ({
  federation: room.federation.board.federation.id,
  signer: readSigningKeys(room.federation.dir(party)),
});

const DAY_MS = 86_400_000;
const INVITED = { author: "aa", signed: new Uint8Array(1) };

describe("papers of the board", () => {
  const paper = (topic: string, administrator: string, purpose: string = "Invented purpose") =>
    Signed.decode(
      signPaper(
        { topic, writtenAtMs: Date.now(), body: { kind: "shareRequest", purpose, epochs: [1] } },
        scope(administrator),
      ),
    );

  it("are passed on as they were signed, by topic", async () => {
    const papers = [paper("epoch 2", "chair"), paper("epoch 2", "deputy"), paper("salts", "chair")];
    await room.board("chair").putPaper({ paper: papers[0] });
    await room.board("deputy").putPaper({ paper: papers[1] });
    await room.board("chair").putPaper({ paper: papers[2] });
    // Once more changes nothing.
    await room.board("chair").putPaper({ paper: papers[2] });
    const payloads = async (topic: string): Promise<string[]> =>
      (await room.board("clerk").listPapers({ topic })).papers.map(({ payload }) => toHex(payload)).sort();
    const written = papers.map(({ payload }) => toHex(payload));
    expect(await payloads("epoch 2")).toEqual(written.slice(0, 2).sort());
    expect(await payloads("salts")).toEqual(written.slice(2));
    expect(await payloads("")).toEqual(written.toSorted());
  });

  it("are refused unsigned, changed, from another hand and from no administrator", async () => {
    const chair = room.board("chair");
    const right = paper("refused", "chair");
    const changed = { ...right, payload: Uint8Array.from([...right.payload, 0]) };
    await expect(chair.putPaper({ paper: changed })).rejects.toMatchObject({ code: "UNPROVEN" });
    await expect(chair.putPaper({ paper: paper("refused", "ct") })).rejects.toMatchObject({ code: "UNPROVEN" });
    await expect(chair.putPaper({ paper: paper("refused", "deputy") })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(chair.putPaper({})).rejects.toMatchObject({ code: "INVALID" });
    expect((await chair.listPapers({ topic: "refused" })).papers).toEqual([]);
  });

  it("of one administrator leave room for the others'", async () => {
    const large = (administrator: string) => {
      const part = { domain: "target", administratorKeyId: randomBytes(16), sealed: randomBytes(4_096) } as const;
      const body = { kind: "reveal", epoch: 3, parts: Array.from({ length: 15 }, () => part) } as const;
      return Signed.decode(signPaper({ topic: "epoch 3", writtenAtMs: Date.now(), body }, scope(administrator)));
    };
    const [chair, deputy] = [room.board("chair"), room.board("deputy")];
    await chair.putPaper({ paper: large("chair") });
    await expect(chair.putPaper({ paper: large("chair") })).rejects.toMatchObject({ code: "EXHAUSTED" });
    await deputy.putPaper({ paper: large("deputy") });
    await chair.putPaper({ paper: paper("epoch 4", "chair") });
  });
});

describe("invitations", () => {
  const invitation = (validUntilMs: number, administrator = "chair", secret = randomBytes(16)) =>
    Signed.decode(
      signInvitation({ ...invitationKeys(secret), note: "Invented unit", validUntilMs }, scope(administrator)),
    );

  it("are kept for a while, under the name of whoever invites", async () => {
    const chair = room.board("chair");
    await chair.invite({ invitation: invitation(Date.now() + DAY_MS) });
    for (const untilMs of [Date.now() - 1, Date.now() + 90 * DAY_MS]) {
      const attempt = chair.invite({ invitation: invitation(untilMs) });
      await expect(attempt).rejects.toMatchObject({ code: "INVALID", fields: ["validUntilMs"] });
    }
    const foreign = chair.invite({ invitation: invitation(Date.now() + DAY_MS, "deputy") });
    await expect(foreign).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { invitations, enrolments } = await room.board("deputy").listEnrolments({});
    expect([invitations.map(({ note }) => note), enrolments]).toEqual([["Invented unit"], []]);
  });

  it("are used once, for one enrolment", () => {
    using store = new BoardStore(":memory:", randomBytes(16));
    const { enrolments } = store;
    const [secretHash, other] = [randomBytes(32), randomBytes(32)];
    for (const hash of [secretHash, other]) {
      enrolments.invite({ secretHash: hash, note: "Invented unit", validUntilMs: 100 }, INVITED, 0);
    }
    const enrolment = utf8("{}");
    const enrol = (of: Partial<Parameters<typeof enrolments.enrol>[0]> = {}): void =>
      enrolments.enrol({ secretHash, keyId: "aa", enrolment, nowMs: 50, ...of });
    const refused = expect.objectContaining({ code: "NOT_FOUND" }) as Error;
    expect(() => enrol({ secretHash: randomBytes(32) })).toThrow(refused);
    expect(() => enrol({ secretHash: other, nowMs: 100 })).toThrow(refused);
    enrol();
    enrol();
    expect(() => enrol({ keyId: "bb" })).toThrow(refused);
    expect(() => enrol({ enrolment: utf8("[]") })).toThrow(refused);
    expect(enrolments.enrolments().map(({ keyId: id, note }) => [id, note])).toEqual([["aa", "Invented unit"]]);
    expect(enrolments.invitations().map(({ secretHash: hash }) => toHex(hash))).toEqual([toHex(other)]);
  });
});

describe("the registrar's counter", () => {
  const request = async (party: string, requestedAtMs = Date.now()): Promise<Signed> => {
    const { requestPem: tlsRequestPem } = await createTlsRequest();
    return Signed.decode(signCredentialsRequest({ tlsRequestPem, natsKey: "", requestedAtMs }, scope(party)));
  };

  it("passes requests on at once, and the answers back to whom they are for", async () => {
    const stop = new AbortController();
    const followed = room.registrar().followRequests({}, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = followed.next();
    const asked = await request("ct");
    await room.membership("ct").requestCredentials({ request: asked });
    const { value } = await within(AT_ONCE_MS, next);
    expect(toHex(value?.request?.payload ?? new Uint8Array())).toBe(toHex(asked.payload));
    expect((await room.membership("ct").getCredentials({})).credentials).toBeUndefined();
    const issued = {
      certificatePem: "invented certificate",
      natsUserJwt: "invented user",
      issuedAtMs: BigInt(Date.now()),
    };
    await room.registrar().putCredentials({ keyId: keyId(scope("ct").signer.publicKey), credentials: issued });
    expect((await room.membership("ct").getCredentials({})).credentials).toMatchObject(issued);
    expect((await room.membership("thb").getCredentials({})).credentials).toBeUndefined();
    stop.abort();
    // What is answered is not asked again.
    const again = room.registrar().followRequests({})[Symbol.asyncIterator]();
    await room.membership("thb").requestCredentials({ request: await request("thb") });
    const only = await within(AT_ONCE_MS, again.next());
    expect(toHex(only.value?.request?.signature?.keyId ?? new Uint8Array())).toBe(
      toHex(keyId(scope("thb").signer.publicKey)),
    );
    await again.return?.();
  });

  it("refuses requests for others, of other days and older than the last", async () => {
    const ct = room.membership("ct");
    await expect(ct.requestCredentials({ request: await request("thb") })).rejects.toMatchObject({ code: "UNPROVEN" });
    for (const requestedAtMs of [Date.now() - 2 * DAY_MS, Date.now() + DAY_MS]) {
      const attempt = ct.requestCredentials({ request: await request("ct", requestedAtMs) });
      await expect(attempt).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
    }
    await ct.requestCredentials({ request: await request("ct") });
    const older = ct.requestCredentials({ request: await request("ct", Date.now() - 60_000) });
    await expect(older).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("takes a freshness statement about the latest directive only", async () => {
    const registrar = room.registrar();
    const before = room.freshness(Date.now() - 1_000);
    await registrar.putFreshness({ freshness: before });
    await room.suspend("wcu");
    await expect(registrar.putFreshness({ freshness: before })).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
    const forged = { ...room.freshness(), signature: before.signature };
    await expect(registrar.putFreshness({ freshness: forged })).rejects.toMatchObject({ code: "UNPROVEN" });
    await registrar.putFreshness({ freshness: room.freshness() });
  });
});

describe("what is said of members", () => {
  it("is for administrators, and to each member about itself", async () => {
    const { members, brokerTimeMs } = await room.board("chair").listHealth({});
    expect(members.map(({ member }) => toHex(member)).sort()).toEqual(
      (["ct", "thb", "wcu"] as const).map((unit) => room.federation.member(unit)).sort(),
    );
    expect(Math.abs(Number(brokerTimeMs) - Date.now())).toBeLessThan(60_000);
    const { tokensUsed, tokensPerDay, alarms } = await room.membership("ct").getStanding({});
    expect([tokensUsed, tokensPerDay, alarms]).toEqual([0n, 200_000n, []]);
    await expect(room.membership("wcu").getStanding({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("has no web console where none is configured", async () => {
    await expect(room.board("chair").issueSignInCode({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("a broker that stopped between the last signature and the chain", () => {
  it("adds the directive when it starts again", async () => {
    await room.federation.stop("broker");
    const draft = room.draft({ type: "suspend", member: room.federation.member("thb"), reason: "Invented reason" });
    const dir = room.federation.dir("broker");
    const databasePath = join(dir, "data", "board.sqlite");
    const directory = new Directory(chainOnDisk(dir), systemWorld(silentLog));
    const { number, hash } = directory.federation.head;
    {
      using store = new BoardStore(databasePath, directory.federation.id);
      const signatures = ["chair", "clerk"].map((name) => room.sign(draft, name));
      store.proposals.save({ ...draft, signatures }, Date.now());
    }
    expect(toHex(directory.federation.head.hash)).toBe(toHex(hash));
    using board = createBoard({
      databasePath,
      directory,
      keys: { sealingKeyOf: randomKey, holdsSealingKey: () => false, shareOfferOf: () => undefined },
      oversight: { members: () => [], budgetOf: () => undefined, openAlarmsOf: () => [] },
      issueSignInCode: (user) => new SignInDesk().issue(user),
      world: systemWorld(silentLog),
    });
    expect(directory.federation.head.number).toBe(number + 1);
    expect(board.proposals.list()[0]).toMatchObject({ state: "accepted" });
    expect(directory.federation.suspended.has(room.federation.member("thb"))).toBe(true);
  });
});

const randomKey = (): Uint8Array => randomBytes(32);
