/** What the broker sends of a ledger into which somebody has written. All notices are invented. */
import { describe, expect, it } from "vitest";
import { Outlet } from "../../broker/bus/outlet.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MatchId } from "../../shared/core/ids.ts";
import { recipientKeyOf, SEALABLE_BYTES_MAX, sealingKeyPair } from "../../shared/crypto/seal.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { openDelivery, signDelivery } from "../../shared/wire/data-plane.ts";
import { openMessage } from "../../shared/wire/envelope.ts";
import { deliverySubject } from "../../shared/wire/subjects.ts";
import { invented } from "../crypto/support.ts";
import { RecordedLog } from "./support.ts";
import { Bench, BORDER, HARBOUR } from "./writer-support.ts";
import { systemWorld } from "../../shared/world/world.ts";

const keyOf = (name: string): SigningKeyPair => signingKeyPair(invented(name, 32));
const [SIGNER, FORMER, STRANGER] = [keyOf("broker"), keyOf("the broker before"), keyOf("a stranger")];
const HARBOUR_SEALING = sealingKeyPair(new Uint8Array(32).fill(20));
const { federation } = new Bench();

function signedBy(signer: SigningKeyPair, number: number): Uint8Array {
  const event = { type: "proofFailed", matchId: toId<MatchId>("aa".repeat(16)), own: true, other: false } as const;
  const body = { kind: "notice", number, prevHash: new Uint8Array(32), issuedAtMs: 1, event } as const;
  const delivery = { recipientKey: recipientKeyOf(HARBOUR_SEALING.publicKey), member: HARBOUR, body };
  return signDelivery(delivery, { federation: federation.id, signer }).signed;
}

/** An outlet of a ledger in which each member has notices of its own, and what it has sent. */
function outletOf(notices: readonly Uint8Array[]) {
  const rows = notices.map((signed, i) => ({ number: i + 1, hash: new Uint8Array(32), signed }));
  const sent: { subject: string; sealed: Uint8Array }[] = [];
  const recorded = new RecordedLog();
  const outlet = new Outlet({
    bus: {
      connected: true,
      publish: async (subject: string, sealed: Uint8Array) => sent.push({ subject, sealed }),
    } as never,
    ledger: { noticesAfter: (_member, number) => rows.slice(number), confirmed: () => 0 },
    federation: () => federation,
    signer: SIGNER,
    keys: () => [FORMER.publicKey, SIGNER.publicKey],
    world: systemWorld(recorded.log),
    signal: new AbortController().signal,
  });
  const numbers = (): unknown[] =>
    sent
      .filter(({ subject }) => subject === deliverySubject(HARBOUR))
      .map(({ sealed }) => {
        const scope = { federation: federation.id, member: HARBOUR, keyPair: HARBOUR_SEALING };
        try {
          const { body } = openDelivery(sealed, { ...scope, brokerSigningKey: SIGNER.publicKey }).delivery;
          return body.kind === "notice" ? body.number : body.kind;
        } catch {
          return openMessage(sealed, HARBOUR_SEALING).length;
        }
      });
  return { outlet, sent, recorded, numbers };
}

describe("notices", () => {
  it("go out under the key that the broker has now, whichever it had when it wrote them down", async () => {
    const { outlet, recorded, numbers } = outletOf([signedBy(FORMER, 1), signedBy(SIGNER, 2)]);
    await outlet.sendNotices(HARBOUR);
    expect(numbers()).toEqual([1, 2]);
    expect(recorded.lines).toEqual([]);
  });

  it.each([
    { what: "another has signed", bytes: signedBy(STRANGER, 2) },
    { what: "is noise", bytes: invented("noise", 300) },
    { what: "is nothing", bytes: new Uint8Array() },
    { what: "no message can hold", bytes: new Uint8Array(600_000), length: SEALABLE_BYTES_MAX },
  ])("beside one that $what go out as ever, and the log says which it is", async ({ bytes, length = bytes.length }) => {
    const { outlet, sent, recorded, numbers } = outletOf([signedBy(SIGNER, 1), bytes, signedBy(SIGNER, 3)]);
    await outlet.sendNotices(HARBOUR);
    expect(numbers()).toEqual([1, length, 3]);
    const told = [{ event: "alarm.noticeUnproven", fields: expect.objectContaining({ member: "harbour", number: 2 }) }];
    expect(recorded.lines).toEqual(told);
    // The node lacks it, and asks again.
    outlet.resume(HARBOUR, 1);
    await outlet.sendNotices(HARBOUR);
    expect(numbers()).toEqual([1, length, 3, length, 3]);
    expect(recorded.lines).toEqual(told);
    await outlet.sendNotices(BORDER);
    expect(sent).toHaveLength(8);
  });
});
