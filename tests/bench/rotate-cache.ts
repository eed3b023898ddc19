/**
 * A node's database as it is after months: records whose identifiers are hardened. To harden a million takes minutes and is not
 * what a rotation does, so the hardened values are random bytes, which is what they look like; all else is the node's own stores.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { SaltableIdentifier } from "../../agency-node/core/packed.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import type { DeconflictionRecord } from "../../agency-node/core/record.ts";
import { contentHash } from "../../agency-node/intake/content-hash.ts";
import { classOf, SCHEME } from "../../agency-node/linkage/scheme.ts";
import type { KindName } from "../../agency-node/linkage/scheme.ts";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { HardenedStore } from "../../agency-node/store/hardened.ts";
import { RecordStore } from "../../agency-node/store/records.ts";
import { StandingStore } from "../../agency-node/store/standings.ts";
import { Vault } from "../../agency-node/store/vault.ts";
import { toHex, utf8 } from "../../shared/core/bytes.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { x25519PublicKey } from "../../shared/crypto/x25519.ts";
import { readStorageKey } from "../../shared/party/keys.ts";

/** Of a person with a document, a phone and two names, by class. */
export const CLASS_TOKENS = [3, 9, 8] as const;

const KINDS: readonly KindName[] = [
  ...times("person.document", CLASS_TOKENS[0]),
  ...times("person.start-date", CLASS_TOKENS[1]),
  ...times("person.name-year-birthplace.common", CLASS_TOKENS[2]),
];

export const TOKENS_PER_RECORD = KINDS.length;

const RECORDS_PER_TRANSACTION = 500;
const HARDENED_BYTES = 64;

/** Fills the empty database of a node that does not run; it takes part in `epoch` when it starts. */
export function fillCache(
  dir: string,
  of: { readonly records: number; readonly epoch: number; readonly generation: number },
): void {
  using db = new Database(join(dir, "node.sqlite"), NODE_DATABASE);
  const vault = new Vault(readStorageKey(dir, "database"), { randomBytes });
  const standings = new StandingStore(db, vault);
  standings.join(of.epoch, of.generation, SCHEME.name);
  standings.show(of.epoch);
  const stores = { records: new RecordStore(db, vault), hardened: new HardenedStore(db, vault) };
  for (let first = 1; first <= of.records; first += RECORDS_PER_TRANSACTION) {
    db.transaction(() => {
      // An empty database numbers its records from 1.
      const last = Math.min(of.records, first + RECORDS_PER_TRANSACTION - 1);
      for (let number = first; number <= last; number += 1) addRecord(stores, number, of.generation);
    });
  }
}

type Stores = { readonly records: RecordStore; readonly hardened: HardenedStore };

const conversationKey = x25519PublicKey(randomBytes(32));

function addRecord({ records, hardened }: Stores, number: number, generation: number): void {
  const record = inventedRecord(number);
  records.put(record, contentHash(record), toId<Handle>(toHex(randomBytes(16))));
  const inputs = KINDS.map((kind, i) => utf8(`${kind} ${i} of invented record ${number}`));
  const ys = inputs.map(() => randomBytes(HARDENED_BYTES));
  hardened.complete({ batchId: utf8(randomUUID()), seed: randomBytes(32), generation, inputs }, ys);
  const identifiers = KINDS.map((kind, i): SaltableIdentifier => {
    const cacheKey = hardened.cacheKey(generation, inputs[i] as Uint8Array);
    return { kind, class: classOf(kind), cacheKey, y: ys[i] as Uint8Array };
  });
  const prepared = { domain: domainOf(record.role), handling: record.handling, conversationKey, identifiers };
  records.savePrepared({ number, revision: 1 }, { generation, scheme: SCHEME.name, prepared });
  records.setReady({ number, revision: 1 }, identifiers.length);
}

function inventedRecord(number: number): DeconflictionRecord {
  return {
    reference: `invented-${number}`,
    subject: { kind: "person", names: [{ text: `Invented Person ${number}`, strength: "full" }] },
    role: "suspect",
    legalBasis: "Invented Act, section 1",
    caseReference: "CASE-INVENTED-1",
    handling: "open",
    reviewBy: new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10),
  };
}

function times(kind: KindName, count: number): KindName[] {
  return Array.from({ length: count }, () => kind);
}
