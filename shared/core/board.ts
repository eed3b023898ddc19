/**
 * What administrators, registrar, units and evaluators leave at the broker for each other, beside the directives themselves. Each is
 * signed by whoever says it; the broker keeps and passes on. The wire form is `proto/causeway/v1/board.proto`.
 */
import type { Domain } from "./domain.ts";

/**
 * Of a directive that lacks signatures. `waiting` for them. `accepted`: it stands in the chain. `overtaken`: another directive took its
 * number, so that it has to be proposed again.
 */
export type ProposalState = "waiting" | "accepted" | "overtaken" | "expired";

/** One administrator's part in making or recovering salts. */
export type BoardPaper = {
  /** What it belongs to; papers of one topic are read together. */
  readonly topic: string;
  readonly writtenAtMs: number;
  readonly body: BoardPaperBody;
};

export type BoardPaperBody =
  /** "I have drawn my contributions": fixed before anybody's is revealed. */
  | {
      readonly kind: "pledge";
      readonly epoch: number;
      readonly contributions: readonly { readonly domain: Domain; readonly commitment: Uint8Array }[];
    }
  /** The contributions, sealed to each administrator who has pledged one. */
  | {
      readonly kind: "reveal";
      readonly epoch: number;
      readonly parts: readonly {
        readonly domain: Domain;
        readonly administratorKeyId: Uint8Array;
        readonly sealed: Uint8Array;
      }[];
    }
  /** "I need the salts of these epochs, for this purpose." */
  | { readonly kind: "shareRequest"; readonly purpose: string; readonly epochs: readonly number[] }
  /** This administrator's shares of the salts, sealed to the one who asked. */
  | {
      readonly kind: "shareRelease";
      readonly toAdministratorKeyId: Uint8Array;
      readonly shares: readonly { readonly epoch: number; readonly domain: Domain; readonly sealed: Uint8Array }[];
    };

/** Leave for one unit to hand in its public keys. */
export type Invitation = InvitationKeys & { readonly note: string; readonly validUntilMs: number };

/** What the broker may know of an invitation's secret, 32 bytes each. It seals the chain of directives with the second. */
export type InvitationKeys = { readonly secretHash: Uint8Array; readonly chainKey: Uint8Array };

/**
 * A request for credentials that is older is refused: whoever kept one could have the keys certified that its party has given up since.
 * Parties sign a new one at each try, some minutes apart at most.
 */
export const CREDENTIALS_REQUEST_AGE_MS_MAX = 10 * 60_000;

/** Public keys for which a certificate and NATS credentials are wanted. `natsKey` is empty for parties without one. */
export type CredentialsRequest = {
  readonly tlsRequestPem: string;
  readonly natsKey: string;
  readonly requestedAtMs: number;
};

/** All of it public. `natsUserJwt` is empty for parties without one. */
export type Credentials = {
  readonly certificatePem: string;
  readonly natsUserJwt: string;
  readonly issuedAtMs: number;
};

/** An evaluator's public key share of a new generation. */
export type EvaluatorOffer = {
  readonly name: string;
  readonly generation: number;
  readonly sharePublicKey: Uint8Array;
};

/** The broker's word that nothing of an ended epoch is left with it. */
export type PurgeAttestation = {
  readonly epoch: number;
  /** Of the directive that ended it. */
  readonly directiveNumber: number;
  /** What memory held of it, padding included. */
  readonly records: number;
  readonly tokens: number;
  /** Submissions that the last pass over the members' streams removed. */
  readonly messages: number;
  readonly purgedAtMs: number;
};
