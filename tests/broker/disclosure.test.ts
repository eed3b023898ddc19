import { describe, expect, it } from "vitest";
import { counterpartOf, decideStep, NO_PROOF, tellingTo } from "../../broker/core/disclosure.ts";
import type { Proof, ProofStep } from "../../broker/core/disclosure.ts";
import type { Side } from "../../shared/core/data-plane.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { MatchId } from "../../shared/core/ids.ts";

const nonce = (value: number): ProofStep => ({ kind: "proofNonce", nonce: new Uint8Array(32).fill(value) });
const mac = (value: number): ProofStep => ({ kind: "proofMac", mac: new Uint8Array(32).fill(value) });
const verdict = (proven: boolean): ProofStep => ({ kind: "proofVerdict", proven });

/** Takes steps that must all be taken; answers with the proof and what was told after each. */
function run(...steps: readonly (readonly [Side, ProofStep])[]): { proof: Proof; told: string[] } {
  let proof = NO_PROOF;
  const told: string[] = [];
  for (const [side, step] of steps) {
    const taken = decideStep(proof, side, step);
    if (taken.kind !== "taken") throw new Error(`step was ignored: ${taken.refusal}`);
    proof = taken.proof;
    told.push(taken.tell);
  }
  return { proof, told };
}

const nonces = [
  [0, nonce(1)],
  [1, nonce(2)],
] as const;
const macs = [
  [1, mac(4)],
  [0, mac(3)],
] as const;

const member = {
  name: "Invented unit",
  slug: "invented",
  mandate: "invented mandate",
  contact: { office: "desk", phone: "1", email: "e", hours: "h" },
} as Admit;

describe("proof of knowledge", () => {
  it("passes each step on only when both sides have made it", () => {
    const { proof, told } = run(...nonces, ...macs, [0, verdict(true)], [1, verdict(true)]);
    expect(told).toEqual(["nothing", "nonces", "nothing", "macs", "nothing", "contacts"]);
    expect(proof.outcome).toBe("proven");
  });

  it("gives each side the other's nonce and MAC, never its own back", () => {
    const { proof } = run(...nonces, ...macs);
    const of = { matchId: "m" as MatchId, proof, counterparts: () => [undefined, undefined] as const };
    expect(tellingTo(0, { ...of, tell: "nonces" })).toMatchObject({ nonce: new Uint8Array(32).fill(2) });
    expect(tellingTo(1, { ...of, tell: "nonces" })).toMatchObject({ nonce: new Uint8Array(32).fill(1) });
    expect(tellingTo(0, { ...of, tell: "macs" })).toMatchObject({ mac: new Uint8Array(32).fill(4) });
  });

  it("takes no MAC before both nonces, and no verdict before both MACs", () => {
    const premature = { kind: "ignored", refusal: "premature" };
    expect(decideStep(run([0, nonce(1)]).proof, 0, mac(3))).toEqual(premature);
    expect(decideStep(run(...nonces, [0, mac(3)]).proof, 0, verdict(true))).toEqual(premature);
  });

  it("lets nobody choose again after having seen the other's choice", () => {
    const repeated = { kind: "ignored", refusal: "repeated" };
    expect(decideStep(run(...nonces).proof, 0, nonce(9))).toEqual(repeated);
    expect(decideStep(run(...nonces, ...macs).proof, 1, mac(9))).toEqual(repeated);
    expect(decideStep(run(...nonces, ...macs, [0, verdict(true)]).proof, 0, verdict(false))).toEqual(repeated);
  });

  it("locks the ladder for good as soon as one side says unproven", () => {
    const { proof, told } = run(...nonces, ...macs, [0, verdict(true)], [1, verdict(false)]);
    expect(told.at(-1)).toBe("failure");
    expect(proof.outcome).toBe("failed");
    expect(decideStep(proof, 0, verdict(true))).toEqual({ kind: "ignored", refusal: "over" });
    expect(decideStep(proof, 1, nonce(1))).toEqual({ kind: "ignored", refusal: "over" });
  });
});

describe("what a proven counterpart learns", () => {
  it("is name, mandate and contact under open handling", () => {
    const { name, slug, mandate, contact } = member;
    const learned = counterpartOf(member, { domain: "target", handling: "open" }, 1);
    expect(learned).toEqual({ handling: "open", name, slug, mandate, contact });
  });

  it("is the mandate only under brokered handling, and not even that if it would name the member", () => {
    const brokered = { domain: "target", handling: "brokered" } as const;
    expect(counterpartOf(member, brokered, 3)).toEqual({ handling: "brokered", mandate: "invented mandate" });
    expect(counterpartOf(member, brokered, 2)).toEqual({ handling: "brokered" });
  });

  it("is nothing about protected persons or silent records", () => {
    expect(counterpartOf(member, { domain: "protected", handling: "open" }, 9)).toBeUndefined();
    expect(counterpartOf(member, { domain: "target", handling: "silent" }, 9)).toBeUndefined();
  });
});
