/**
 * A node's port to the chain of directives, straight from the broker's: each is folded here as a node folds it, from the pinned fingerprint on
 * and through bytes. Whoever is not in good standing is refused, as by the broker's door. Freshness is taken for proven.
 */
import type { Directory } from "../../agency-node/ports.ts";
import type { Directory as Source } from "../../broker/store/directory.ts";
import { CAPABILITIES, understoodOf } from "../../shared/core/capabilities.ts";
import { foldChain, foldDirective } from "../../shared/core/chain.ts";
import type { Federation, SignedDirective } from "../../shared/core/directive.ts";
import { isInGoodStanding } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { decodeSignedDirective, encodeSignedDirective } from "../../shared/wire/directive.ts";
import { pause } from "../../shared/world/wait.ts";
import type { Sleeper } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { Line } from "./line.ts";

type Of = {
  readonly source: Source;
  readonly peer: PeerIdentity;
  readonly pinnedFingerprint: Uint8Array;
  readonly line: Line;
  readonly world: World;
};

const WAY_MS = 1;
const LONG_MS = 365 * 86_400_000;

export class ChainReader implements Directory {
  readonly broker = understoodOf(CAPABILITIES);
  readonly policyUnprovenSinceMs = 0;
  readonly clockRefused = false;
  readonly #of: Of;
  federation: Federation;
  refused = false;

  constructor(of: Of) {
    this.#of = of;
    this.federation = foldChain(of.source.chain.directives.map(received), this.#context);
  }

  get reached(): boolean {
    return !this.#of.line.isCut;
  }

  async run(signal: AbortSignal, onChange: () => void): Promise<void> {
    const { source, line, world } = this.#of;
    this.#look(onChange);
    const follow = async (ear: Sleeper): Promise<void> => {
      while (!signal.aborted) {
        await ear.wait(LONG_MS, signal);
        await pause(world, WAY_MS, signal);
        if (!signal.aborted) this.#look(onChange);
      }
    };
    await Promise.all([follow(source.listen()), follow(line.changed.sleeper())]);
  }

  #look(onChange: () => void): void {
    const { source, peer, line } = this.#of;
    if (line.isCut) return;
    this.refused = !isInGoodStanding(peer, source.federation);
    if (this.refused) return;
    for (const signed of source.chain.directives.slice(this.federation.head.number)) {
      this.federation = foldDirective(this.federation, received(signed), this.#context);
      onChange();
    }
  }

  get #context() {
    const { pinnedFingerprint, world } = this.#of;
    return { pinnedFingerprint, nowMs: world.clock(), seenBefore: true };
  }
}

function received(signed: SignedDirective): SignedDirective {
  return decodeSignedDirective(encodeSignedDirective(signed));
}
