/** The commands that the console shows are ones that the command line knows. */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { adminCommand } from "../../agency-node/admin/cli.ts";
import { commands } from "../../broker/console/commands.ts";

const SHOWN: Readonly<Record<keyof typeof commands, readonly string[]>> = {
  approve: [commands.approve("0123456789abcdef".repeat(4))],
  suspend: [commands.suspend("ct-west")],
  reinstate: [commands.reinstate("ct-west")],
  remove: [commands.remove("ct-west")],
  removeForCause: [commands.removeForCause("ct-west")],
  rotateKey: [commands.rotateKey("ct-west"), commands.rotateKey("evaluator:key-office", "0000 1111")],
  memberChange: [commands.memberChange("ct-west")],
  places: [commands.places()],
  tlsRoots: [commands.tlsRoots()],
  releaseShares: [commands.releaseShares()],
  boardChange: [commands.boardChange()],
  invite: [commands.invite()],
  admit: [commands.admit("0000 1111 2222")],
  freshness: [commands.freshness()],
  epochStatus: [commands.epochStatus()],
  rehearse: [commands.rehearse()],
  prepareEpoch: [commands.prepareEpoch(2, false), commands.prepareEpoch(2, true)],
  pledge: [commands.pledge(2)],
  reveal: [commands.reveal(2)],
  openEpoch: [commands.openEpoch(2, false), commands.openEpoch(2, true)],
  activateEpoch: [commands.activateEpoch(2)],
  forceEpoch: [commands.forceEpoch(2, ["ct-west", "customs"])],
  abortEpoch: [commands.abortEpoch(2)],
  retireEpoch: [commands.retireEpoch(1)],
  forceRetirement: [commands.forceRetirement(1, ["ct-west"])],
  closeLeakedEpoch: [commands.closeLeakedEpoch(1)],
  policy: [commands.policy()],
  proposals: [commands.proposals()],
  health: [commands.health()],
  showChain: [commands.showChain()],
  signIn: [commands.signIn()],
};

/** As a shell splits it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** The command line with every action taken out: it parses, and does nothing. */
function parses(line: string): void {
  const root = adminCommand();
  const quieten = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(quieten);
  };
  quieten(root);
  const [causeway, admin, ...rest] = wordsOf(line);
  expect([causeway, admin]).toEqual(["causeway", "admin"]);
  root.parse(rest, { from: "user" });
}

describe("the command line knows", () => {
  it.each(Object.values(SHOWN).flat())("%s", (line) => {
    expect(() => parses(line)).not.toThrow();
  });

  it("nothing that it does not know, or that lacks something", () => {
    expect(() => parses("causeway admin found-again DIR")).toThrow();
    expect(() => parses("causeway admin suspend DIR ct-west")).toThrow();
    expect(() => parses('causeway admin suspend DIR ct-west --reason "…" --twice')).toThrow();
    expect(() => parses("causeway admin show-chain DIR too-much")).toThrow();
  });
});
