/**
 * What the sides of a match learn about each other (protocol section 7, "proof of knowledge before anything beyond L0").
 *
 * Parties: two nodes, and the broker as a relay that is trusted with order only. Each side sends a nonce, then a MAC keyed with
 * the confirmation keys of the tokens that met (which the broker cannot compute), then its verdict on the other's MAC.
 * A step is passed on only when both sides have made it, so that nobody chooses after having seen the other's choice.
 * Both nonces leave in one event: what met, for the MACs, is what each side was last told before it.
 * Stays secret: the confirmation keys. Known weakness: a broker can stall a proof, and a side can deny a true one; both
 * leave the match at L0.
 */
import type { Counterpart, Handling, NoticeEvent, Side } from "../../shared/core/data-plane.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { MatchId } from "../../shared/core/ids.ts";
import { MANDATE_BEARERS_MIN } from "./limits.ts";

export type ProofStep =
  | { readonly kind: "proofNonce"; readonly nonce: Uint8Array }
  | { readonly kind: "proofMac"; readonly mac: Uint8Array }
  | { readonly kind: "proofVerdict"; readonly proven: boolean };

export type SideProof = {
  readonly nonce?: Uint8Array;
  readonly mac?: Uint8Array;
  readonly proven?: boolean;
};

export type Proof = {
  readonly sides: readonly [SideProof, SideProof];
  /** `failed` locks the ladder for good. */
  readonly outcome: "pending" | "proven" | "failed";
};

export const NO_PROOF: Proof = { sides: [{}, {}], outcome: "pending" };

/**
 * A proof that must be made over another meeting, because the salt of the one it was begun over is gone. Nonces that were passed on are
 * for the old meeting: both sides send theirs again when they are told of the new one, and what is still on its way for the old one comes
 * too early and is ignored.
 */
export function restarted(proof: Proof): Proof {
  return proof.outcome === "pending" && proof.sides.every(({ nonce }) => nonce !== undefined) ? NO_PROOF : proof;
}

/** `premature`: its predecessor is missing on some side; `repeated`: made before, the first one counts; `over`: decided. */
export type StepRefusal = "premature" | "repeated" | "over";

export type StepVerdict =
  | { readonly kind: "taken"; readonly proof: Proof; readonly tell: Telling }
  | { readonly kind: "ignored"; readonly refusal: StepRefusal };

/** What both sides are told now that a step is complete. */
export type Telling = "nothing" | "nonces" | "macs" | "contacts" | "failure";

export function decideStep(proof: Proof, side: Side, step: ProofStep): StepVerdict {
  if (proof.outcome !== "pending") return { kind: "ignored", refusal: "over" };
  if (isRepeated(proof.sides[side], step)) return { kind: "ignored", refusal: "repeated" };
  if (isPremature(proof, step)) return { kind: "ignored", refusal: "premature" };
  const own = { ...proof.sides[side], ...contentOf(step) };
  const sides: readonly [SideProof, SideProof] = side === 0 ? [own, proof.sides[1]] : [proof.sides[0], own];
  const tell = tellingOf(sides, step);
  const outcome = tell === "contacts" ? "proven" : tell === "failure" ? "failed" : "pending";
  return { kind: "taken", proof: { sides, outcome }, tell };
}

function isRepeated(own: SideProof, step: ProofStep): boolean {
  switch (step.kind) {
    case "proofNonce":
      return own.nonce !== undefined;
    case "proofMac":
      return own.mac !== undefined;
    case "proofVerdict":
      return own.proven !== undefined;
  }
}

/** A side can make a step only after it was told that both have made the one before. */
function isPremature({ sides }: Proof, step: ProofStep): boolean {
  if (step.kind === "proofMac") return sides.some(({ nonce }) => nonce === undefined);
  if (step.kind === "proofVerdict") return sides.some(({ mac }) => mac === undefined);
  return false;
}

function contentOf(step: ProofStep): SideProof {
  switch (step.kind) {
    case "proofNonce":
      return { nonce: step.nonce };
    case "proofMac":
      return { mac: step.mac };
    case "proofVerdict":
      return { proven: step.proven };
  }
}

function tellingOf(sides: readonly [SideProof, SideProof], step: ProofStep): Telling {
  switch (step.kind) {
    case "proofNonce":
      return sides.every(({ nonce }) => nonce !== undefined) ? "nonces" : "nothing";
    case "proofMac":
      return sides.every(({ mac }) => mac !== undefined) ? "macs" : "nothing";
    case "proofVerdict":
      if (!step.proven) return "failure";
      return sides.every(({ proven }) => proven === true) ? "contacts" : "nothing";
  }
}

/** What `side` is told, given what the other side sent; undefined if nothing. */
export function tellingTo(
  side: Side,
  of: {
    readonly matchId: MatchId;
    readonly proof: Proof;
    readonly tell: Telling;
    /** What may be disclosed of each side. */
    readonly counterparts: () => readonly [Counterpart | undefined, Counterpart | undefined];
  },
): NoticeEvent | undefined {
  const { matchId } = of;
  const other = side === 0 ? 1 : 0;
  const { nonce, mac } = of.proof.sides[other];
  switch (of.tell) {
    case "nothing":
      return undefined;
    case "nonces":
      return { type: "counterpartNonce", matchId, nonce: nonce as Uint8Array };
    case "macs":
      return { type: "counterpartMac", matchId, mac: mac as Uint8Array };
    case "failure":
      return { type: "proofFailed", matchId };
    case "contacts": {
      const counterpart = of.counterparts()[other];
      return counterpart === undefined ? undefined : { type: "counterpartContact", matchId, counterpart };
    }
  }
}

/**
 * What a proven counterpart learns of a member, by the handling of the member's own record. Undefined: nothing, not even
 * that much, as in every domain but `target`, where the holder's protection officer decides first.
 */
export function counterpartOf(
  member: Admit,
  record: { readonly domain: Domain; readonly handling: Handling },
  mandateBearers: number,
): Counterpart | undefined {
  if (record.domain !== "target" || record.handling === "silent") return undefined;
  const { mandate, name, slug, contact } = member;
  if (record.handling === "open") return { handling: "open", mandate, name, slug, contact };
  return mandateBearers < MANDATE_BEARERS_MIN ? { handling: "brokered" } : { handling: "brokered", mandate };
}
