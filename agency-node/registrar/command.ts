/** `causeway registrar`: the program itself, and the keys that the board gives it next. */
import { Command } from "commander";
import { perform, withExamples, withJson } from "../../shared/terminal/command.ts";
import type { Json } from "../../shared/terminal/command.ts";
import type { NatsBundleFlags, NewRegistrarFlags } from "./new-registrar.ts";

/** `run` starts the program; how a program is started is the caller's to know. */
export function registrarCommand(run: (dir: string) => Promise<void>): Command {
  return new Command("registrar")
    .description("the board's program that stays on-line: freshness, certificates, NATS accounts")
    .addCommand(runCommand(run), { isDefault: true })
    .addCommand(nextFreshnessKeyCommand())
    .addCommand(nextRootCommand())
    .addCommand(issueCommand())
    .addCommand(initCommand())
    .addCommand(natsBundleCommand());
}

function initCommand(): Command {
  const command = withJson(new Command("init"))
    .description("make another registrar, in place of one that was lost with its keys")
    .requiredOption("--dir <directory>", "where it will live")
    .requiredOption("--chain <file>", "the federation's chain.bin, of any party")
    .requiredOption("--fingerprint <hex>", "the federation's fingerprint, learnt by another way than the file")
    .action((flags: Json & NewRegistrarFlags) =>
      perform(flags, async (output) => {
        const [{ makeRegistrar }, { randomBytes }] = await Promise.all([
          import("./new-registrar.ts"),
          import("../../shared/world/random.ts"),
        ]);
        await makeRegistrar(flags, { randomBytes }, output);
      }),
    );
  return withExamples(command, "causeway registrar init --dir registrar --chain board/1/chain.bin --fingerprint HEX");
}

function natsBundleCommand(): Command {
  const command = withJson(new Command("nats-bundle"))
    .description(
      "write the bundle of another NATS server: one more of a cluster, one set up anew, or one that is to follow another registrar",
    )
    .requiredOption("--dir <directory>", "the registrar's directory")
    .requiredOption("--enrolment <file>", "enrolment.json of the NATS server")
    .requiredOption("--fingerprint <hex>", "of that enrolment, as its operator reads it out by telephone")
    .requiredOption("--host <hosts...>", "names and IP addresses under which members reach it")
    .requiredOption("--out <directory>", "where the bundle for `causeway admin install` and `nats-config` is written")
    .action((flags: Json & NatsBundleFlags) =>
      perform(flags, async (output) => {
        const { writeNatsBundle } = await import("./new-registrar.ts");
        await writeNatsBundle(flags, output);
      }),
    );
  return withExamples(
    command,
    'causeway registrar nats-bundle --dir registrar --enrolment nats/enrolment.json --fingerprint "3f2a 91bc …" --host nats.example --out bundle',
  );
}

function runCommand(run: (dir: string) => Promise<void>): Command {
  const command = new Command("run")
    .description("run it until Ctrl-C")
    .requiredOption("--dir <directory>", "the registrar's directory: keys, certificate, registrar.json")
    .action(({ dir }: { readonly dir: string }) => run(dir));
  return withExamples(command, "causeway registrar --dir registrar");
}

function nextFreshnessKeyCommand(): Command {
  const command = withJson(new Command("next-freshness-key"))
    .description("make the next freshness key; it is used once the board has signed it")
    .requiredOption("--dir <directory>", "the registrar's directory")
    .action(({ dir, json }: Json & { readonly dir: string }) =>
      perform({ json }, async (output) => {
        const [{ prepareFreshnessKey }, { randomBytes }, { toHex }, { say }, { keyId }, { groups }] = await Promise.all(
          [
            import("./keys.ts"),
            import("../../shared/world/random.ts"),
            import("../../shared/core/bytes.ts"),
            import("../../shared/words/say.ts"),
            import("../../shared/crypto/sign.ts"),
            import("../../shared/words/figures.ts"),
          ],
        );
        const key = prepareFreshnessKey(dir, { randomBytes });
        const [publicKey, id] = [toHex(key), toHex(keyId(key))];
        output.json({ publicKey, keyId: id });
        output.say(say("party.freshnessKey"));
        output.say(`  ${groups(publicKey)}`);
        output.say(say("party.freshnessKeyId"));
        output.say(`  ${groups(id)}`);
      }),
    );
  return withExamples(command, "causeway registrar next-freshness-key --dir registrar");
}

function nextRootCommand(): Command {
  const command = withJson(new Command("next-root"))
    .description("make the next TLS root; it is issued under once the board has signed it")
    .requiredOption("--dir <directory>", "the registrar's directory")
    .action(({ dir, json }: Json & { readonly dir: string }) =>
      perform({ json }, async (output) => {
        const { makeNextRoot } = await import("./next-root.ts");
        await makeNextRoot(dir, output);
      }),
    );
  return withExamples(command, "causeway registrar next-root --dir registrar");
}

function issueCommand(): Command {
  const command = withJson(new Command("issue"))
    .description("issue a certificate and a NATS user by hand, to a party that can ask for none any more")
    .requiredOption("--dir <directory>", "the registrar's directory")
    .requiredOption("--enrolment <file>", "enrolment.json of the party, whose key the chain must list")
    .requiredOption("--out <directory>", "where the bundle for `causeway admin install` is written")
    .action((flags: Json & { readonly dir: string; readonly enrolment: string; readonly out: string }) =>
      perform(flags, async (output) => {
        const { issueByHand } = await import("./hand-issue.ts");
        await issueByHand(flags, output);
      }),
    );
  return withExamples(
    command,
    "causeway registrar issue --dir registrar --enrolment broker/enrolment.json --out bundle",
  );
}
