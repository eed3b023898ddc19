/** `causeway admin proposals`, `approve`, `endorse`, `sign-in`: what they take. */
import { Command } from "commander";
import { perform, withExamples, withJson } from "../../../shared/terminal/command.ts";
import type { ApproveFlags, EndorseFlags, ListFlags } from "../commands/proposals.ts";
import type { Common } from "../desk.ts";
import { atSeat, withDesk } from "./seat.ts";

const acts = () => import("../commands/proposals.ts");

export function proposalsCommand(): Command {
  const command = atSeat(new Command("proposals"))
    .description("list what waits for signatures; with a digest, show one with every parameter")
    .argument("[digest]", "the first digits of one proposal's digest")
    .option("--out <file>", "write that proposal, for an administrator who joins with it to endorse")
    .action((dir: string, digest: string | undefined, flags: ListFlags) =>
      withDesk(dir, flags, async (desk) => {
        const { listProposals, showProposal } = await acts();
        await (digest === undefined ? listProposals(desk) : showProposal(desk, digest, flags));
      }),
    );
  return withExamples(
    command,
    "causeway admin proposals board/2",
    "causeway admin proposals board/2 3f2a91bc --out proposal.bin",
  );
}

export function approveCommand(): Command {
  const command = atSeat(new Command("approve"))
    .description("show what a proposal does, check it, and sign it")
    .argument("<digest>", "the first digits of its digest")
    .option(
      "--digest <hex>",
      "its digest as the proposer reads it out (16 digits or more); otherwise you are asked to type it",
    )
    .option("--endorsement <file>", "hand in the signature of an administrator who joins with this directive")
    .option("--unchecked", "sign an opening whose salts no contributor but the proposer has checked")
    .option("--force", "sign a cut-over although members that it does not name are behind")
    .action((dir: string, digest: string, flags: ApproveFlags) =>
      withDesk(dir, flags, async (desk) => (await acts()).approveProposal(desk, digest, flags)),
    );
  return withExamples(
    command,
    "causeway admin approve board/2 3f2a91bc",
    "causeway admin approve board/2 3f2a91bc --endorsement endorsement.json",
  );
}

export function endorseCommand(): Command {
  const command = withJson(new Command("endorse"))
    .description("sign a change of the board that gives you a seat, where your keys are")
    .argument("<directory>", "the new administrator's own directory")
    .argument("<proposal>", "the file that an administrator wrote with: causeway admin proposals DIR DIGEST --out FILE")
    .requiredOption("--chain <file>", "the federation's chain.bin")
    .requiredOption("--fingerprint <hex>", "the federation's fingerprint, learnt by another way than the files")
    .requiredOption("--digest <hex>", "the proposal's digest as the proposer reads it out (16 digits or more)")
    .requiredOption("--out <file>", "where to write the signature")
    .action((dir: string, file: string, flags: EndorseFlags) =>
      perform(flags, async (output) => (await acts()).endorse(dir, file, { ...flags, nowMs: Date.now() }, output)),
    );
  return withExamples(
    command,
    'causeway admin endorse newcomer proposal.bin --chain chain.bin --fingerprint FINGERPRINT --digest "3f2a 91bc 5d0c 11fe" --out endorsement.json',
  );
}

export function signInCommand(): Command {
  const command = atSeat(new Command("sign-in"))
    .description("get a code that logs you in to the web console once")
    .option("--auditor <name>", "for an auditor of that name instead, who reads and changes nothing")
    .action((dir: string, flags: Common & { readonly auditor?: string }) =>
      withDesk(dir, flags, async (desk) => (await acts()).signIn(desk, flags.auditor)),
    );
  return withExamples(
    command,
    "causeway admin sign-in board/1",
    'causeway admin sign-in board/1 --auditor "Auditor D"',
  );
}
