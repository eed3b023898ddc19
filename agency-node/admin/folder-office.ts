/**
 * The board's office without a broker: a folder that administrators hand on, for when the broker is lost and the board must name another. One
 * proposes into it, the others approve in it, and with a quorum's signatures its `chain.bin` has the directive, which every party then proves
 * for itself (`causeway admin catch-up`).
 *
 *   chain.bin   freshness.bin   the chain as it goes on here, and a statement about it if somebody puts one there
 *   proposal-HEX.bin            a proposal with the signatures that it has, named by the first digits of its digest
 *   paper-N.bin                 papers of the board, as they would lie at the broker
 *
 * Nothing in it is secret, and whoever carries it is an adversary as the broker is: it can lose, and invent nothing.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import { foldDirective, foldProposal } from "../../shared/core/chain.ts";
import type { DirectiveSignature, SignedDirective } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { ProposalState } from "../../shared/core/board.ts";
import { proposalDigest, tallyOf } from "../../shared/core/proposal.ts";
import { loadChain, writeChain } from "../../shared/party/chain-file.ts";
import type { Chain, ChainContext } from "../../shared/party/chain-file.ts";
import { partyFile } from "../../shared/party/files.ts";
import { makePrivateDirectory, readPublicBytes, replaceFile } from "../../shared/party/key-files.ts";
import { decodeSignedDirective, decodeSignedFreshness, encodeSignedDirective } from "../../shared/wire/directive.ts";
import type { Approval, BoardOffice, Proposal } from "./office.ts";

const PROPOSAL_FILE = /^proposal-[0-9a-f]{16}\.bin$/;
const PAPER_FILE = /^paper-[0-9]+\.bin$/;

/** `chain`: as the administrator has it; the folder's goes on from it. Throws ENVIRONMENT, and as `writeChain` for another history. */
export function officeInFolder(folder: string, chain: Chain, context: ChainContext): BoardOffice {
  makePrivateDirectory(folder);
  const office = new FolderOffice(folder, chain, context);
  return {
    directives: async (fromNumber) => office.chain.directives.slice(fromNumber - 1),
    freshness: async () => {
      const file = partyFile(folder, "freshness");
      return existsSync(file) ? decodeSignedFreshness(readPublicBytes(file)) : undefined;
    },
    proposals: async () => office.proposals(),
    propose: async (signed) => office.propose(signed),
    approve: async (digest, signature) => office.approve(digest, signature),
    putPaper: async (signed) => office.putPaper(signed),
    papers: async () => office.papers(),
    prepareEpoch: onlyAtBroker,
    health: async () => [],
    invite: onlyAtBroker,
    arrivals: async () => ({ invitations: [], enrolments: [] }),
    signInCode: onlyAtBroker,
    [Symbol.dispose]: () => undefined,
  };
}

class FolderOffice {
  readonly #folder: string;
  readonly #context: ChainContext;
  chain: Chain;

  constructor(folder: string, own: Chain, context: ChainContext) {
    this.#folder = folder;
    this.#context = context;
    const path = partyFile(folder, "chain");
    const here = existsSync(path) ? loadChain(path, context) : undefined;
    const isAhead = here !== undefined && here.directives.length > own.directives.length;
    this.chain = isAhead ? here : writeChain(path, own, context);
  }

  proposals(): Proposal[] {
    return this.#files(PROPOSAL_FILE).map((file) => this.#read(file));
  }

  propose(signed: SignedDirective): ProposalState {
    foldProposal(this.chain.federation, signed, this.#context);
    const { directive } = signed;
    return this.#keep({ signed, state: "waiting", proposedAtMs: directive.issuedAtMs, acceptedAs: 0 }).state;
  }

  approve(digest: Uint8Array, signature: DirectiveSignature): Approval {
    const proposal = this.proposals().find(({ signed }) => equalBytes(proposalDigest(signed), digest));
    if (proposal === undefined) throw new CausewayError("NOT_FOUND", "no proposal with this digest is in the folder");
    const { signed } = proposal;
    const { signers, scarcest } = tallyOf(this.chain.federation, signed);
    const { state } = this.#keep({ ...proposal, signed: { ...signed, signatures: [...signed.signatures, signature] } });
    return { state, signatures: signers.length + 1, quorum: scarcest.quorum };
  }

  putPaper(signed: Uint8Array): void {
    replaceFile(join(this.#folder, `paper-${this.#files(PAPER_FILE).length + 1}.bin`), signed, 0o644);
  }

  papers(): Uint8Array[] {
    const ordered = this.#files(PAPER_FILE).toSorted((a, b) => numberIn(a) - numberIn(b));
    return ordered.map((file) => readPublicBytes(join(this.#folder, file)));
  }

  /** With a quorum it becomes the chain's next directive. */
  #keep(proposal: Proposal): Proposal {
    const { signed } = proposal;
    const file = `proposal-${toHex(proposalDigest(signed)).slice(0, 16)}.bin`;
    replaceFile(join(this.#folder, file), encodeSignedDirective(signed), 0o644);
    try {
      const federation = foldDirective(this.chain.federation, signed, this.#context);
      const directives = [...this.chain.directives, signed];
      this.chain = writeChain(partyFile(this.#folder, "chain"), { directives, federation }, this.#context);
    } catch (error) {
      if (!isCausewayError(error, "UNPROVEN")) throw error;
    }
    return this.#read(file);
  }

  #read(file: string): Proposal {
    const signed = decodeSignedDirective(readPublicBytes(join(this.#folder, file)));
    const { number, issuedAtMs: proposedAtMs } = signed.directive;
    const there = this.chain.directives[number - 1];
    if (there === undefined) return { signed, state: "waiting", proposedAtMs, acceptedAs: 0 };
    return equalBytes(there.payload, signed.payload)
      ? { signed, state: "accepted", proposedAtMs, acceptedAs: number }
      : { signed, state: "overtaken", proposedAtMs, acceptedAs: 0 };
  }

  #files(name: RegExp): string[] {
    return readdirSync(this.#folder).filter((file) => name.test(file));
  }
}

const numberIn = (file: string): number => Number(/[0-9]+/.exec(file)?.[0]);

async function onlyAtBroker(): Promise<never> {
  throw new CausewayError("UNAVAILABLE", "this can be done at a broker only");
}
