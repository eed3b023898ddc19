/** The tokens that test nodes have published in an epoch, made again from their hardened identifiers and the board's shares of the salt. */
import { join } from "node:path";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { HardenedStore } from "../../agency-node/store/hardened.ts";
import { Vault } from "../../agency-node/store/vault.ts";
import { tokensOf } from "../../shared/crypto/token.ts";
import { readStorageKey } from "../../shared/party/keys.ts";
import type { TestFederation } from "../support/federation.ts";
import { randomBytes } from "../../shared/world/random.ts";

/** Up to `max` tokens of the target domain, of all units in equal parts. Epochs that ended have salts too: the board can recover them. */
export async function tokensPublishedIn(federation: TestFederation, epoch: number, max: number): Promise<Uint8Array[]> {
  const salt = await federation.board.saltOf(epoch, "target");
  const units = [...federation.founded.members.keys()];
  return units.flatMap((unit) =>
    tokensOf(salt, "target", hardenedAt(federation.dir(unit), Math.floor(max / units.length))),
  );
}

function hardenedAt(dir: string, max: number): Uint8Array[] {
  using db = new Database(join(dir, "node.sqlite"), NODE_DATABASE);
  const hardened = new HardenedStore(db, new Vault(readStorageKey(dir, "database"), { randomBytes }));
  const rows = db.all<{ cache_key: Uint8Array }>("SELECT cache_key FROM hardened LIMIT ?", max);
  return rows.map(({ cache_key: cacheKey }) => hardened.get(cacheKey) as Uint8Array);
}
