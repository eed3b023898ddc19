/** `causeway registrar next-root`: the root that follows, before the one in use ends. */
import { loadChain } from "../../shared/party/chain-file.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPublicText } from "../../shared/party/key-files.ts";
import { readPin } from "../../shared/party/pin.ts";
import { certificateDer, rootLife } from "../../shared/platform/tls.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { dateTime } from "../../shared/words/figures.ts";
import { say } from "../../shared/words/say.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { prepareRoot } from "./keys.ts";
import { rootId } from "./root-id.ts";

export async function makeNextRoot(dir: string, output: Output): Promise<void> {
  const nowMs = systemClock();
  const { federation } = loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs });
  const file = await prepareRoot(dir, federation, nowMs);
  const root = certificateDer(readPublicText(file));
  const { untilMs } = rootLife(root);
  output.json({ file, root: rootId(root), until: new Date(untilMs).toISOString() });
  output.say(say("roots.made", { file, until: dateTime(untilMs) }));
  output.say(`  ${rootId(root)}`);
}
