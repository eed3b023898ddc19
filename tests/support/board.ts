/**
 * The board of a test federation: all administrators sit together, their directories are at hand, and what they decide lies in the
 * broker's directory at once, with a freshness statement.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { combine } from "shamir-secret-sharing";
import { decide, readChain } from "../../agency-node/admin/board.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import type { Sitting } from "../../agency-node/admin/board.ts";
import { makeSalts } from "../../agency-node/admin/salts.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import type {
  Admit,
  DirectiveBody,
  EpochOpen,
  EpochSalt,
  EpochSalts,
  Federation,
  MemberKey,
} from "../../shared/core/directive.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { encodeSaltBox } from "../../shared/crypto/salt.ts";
import { openSealed, recipientKeyOf, sealTo } from "../../shared/crypto/seal.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import { encodeChain } from "../../shared/party/chain-file.ts";
import { readSecret, replaceFile } from "../../shared/party/key-files.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { prepareSealingKey, readSealingKeys, readSigningKeys } from "../../shared/party/keys.ts";
import { encodeKeyOffer } from "../../shared/wire/directive.ts";
import { randomBytes } from "../../shared/world/random.ts";

export type BoardPlace = {
  /** Of the administrators, those who sign first. */
  readonly administratorDirs: readonly string[];
  readonly brokerDir: string;
  /** Where the key of the freshness statements may lie. */
  readonly freshnessDirs: readonly string[];
  nodeDir(member: MemberId): string;
};

export type OpeningOptions = {
  /** Members make sealing keys of this epoch, as if they had offered them. Default: all. */
  readonly newKeysOf?: readonly MemberId[];
  /** What the directive says otherwise, such as a new generation with its evaluators. */
  readonly over?: Partial<EpochOpen>;
};

const DAY_MS = 86_400_000;
const SHARE_BYTES = 33;

export class TestBoard {
  readonly #place: BoardPlace;

  constructor(place: BoardPlace) {
    this.#place = place;
  }

  /** As it stands in the broker's directory. */
  get federation(): Federation {
    return readChain(this.#place.brokerDir, Date.now()).federation;
  }

  /** Signs with the keys of all administrators, one directive after the other. Throws as `foldDirective`. */
  decide(...bodies: readonly DirectiveBody[]): Federation {
    const { brokerDir, administratorDirs } = this.#place;
    const { directives, federation } = readChain(brokerDir, Date.now());
    const signers = administratorDirs.map(readSigningKeys);
    let sitting: Sitting = {
      federation: federation.id,
      signers,
      nowMs: Date.now(),
      chain: directives,
      state: federation,
    };
    for (const body of bodies) sitting = decide(sitting, body);
    replaceFile(partyFile(brokerDir, "chain"), encodeChain(sitting.chain), 0o644);
    this.renewFreshness();
    return this.federation;
  }

  renewFreshness(): void {
    const { brokerDir, freshnessDirs } = this.#place;
    const keyDir = freshnessDirs.find((dir) => existsSync(keyFile(dir, "freshness.key")));
    if (keyDir === undefined) throw new Error("no directory holds the freshness key");
    const freshnessSeed = readSecret(keyFile(keyDir, "freshness.key"), 32);
    const statement = stateFreshness({ federation: this.federation, freshnessSeed, nowMs: Date.now() });
    replaceFile(partyFile(brokerDir, "freshness"), statement, 0o644);
  }

  /** What opens the epoch: new salts, the broker's new key and the members' new keys. */
  async opening(epoch: number, { newKeysOf, over }: OpeningOptions = {}): Promise<DirectiveBody> {
    const { federation } = this;
    const keyed = [...federation.members.values()].filter(({ member }) => newKeysOf?.includes(member) ?? true);
    const memberKeys = keyed.map((admit) => this.#offer(federation, admit, epoch));
    const members = new Map(federation.members);
    for (const { member, sealingKey } of memberKeys)
      members.set(member, { ...(members.get(member) as Admit), sealingKey });
    return {
      type: "epochOpen",
      epoch,
      salts: await makeSalts({ ...federation, members }, epoch),
      scheme: SCHEME.name,
      generation: federation.found.generation,
      brokerSealingKey: prepareSealingKey(this.#place.brokerDir, epoch),
      opensAtMs: Date.now(),
      retiresAtMs: Date.now() + 365 * DAY_MS,
      evaluators: [],
      memberKeys,
      ...over,
    };
  }

  /** The salts of all open epochs, from the board's shares, sealed to a member: for an `admit`, `reinstate` or `rotateKey`. */
  async saltsFor({ sealingKey, domains }: Pick<Admit, "sealingKey" | "domains">): Promise<EpochSalt[]> {
    const { federation } = this;
    const places = openEpochs(federation).flatMap(({ epoch, salts }) =>
      salts.filter(({ domain }) => domains.includes(domain)).map((salt) => ({ epoch, salt })),
    );
    return await Promise.all(
      places.map(async ({ epoch, salt: held }) => {
        const { domain } = held;
        const salt = await this.#recover(held);
        const box = encodeSaltBox({
          federation: federation.id,
          epoch,
          domain,
          recipientKey: recipientKeyOf(sealingKey),
          salt,
        });
        return { epoch, domain, sealed: sealTo(sealingKey, box, randomBytes(32)) };
      }),
    );
  }

  /** A salt, from the shares of the whole board; of an epoch that has ended, too. */
  async saltOf(epoch: number, domain: Domain): Promise<SaltKey> {
    const held = this.federation.epochs.get(epoch)?.salts.find((salt) => salt.domain === domain);
    if (held === undefined) throw new Error("no such salt");
    return await this.#recover(held);
  }

  #offer(federation: Federation, { member, signingKey }: Admit, epoch: number): MemberKey {
    const dir = this.#place.nodeDir(member);
    const offer = { member, epoch, sealingKey: prepareSealingKey(dir, epoch) };
    const payload = encodeKeyOffer(offer);
    const { secretKey } = readSigningKeys(dir);
    const signature = signPayload({ type: "key-offer", federation: federation.id, payload, secretKey });
    return { ...offer, payload, signature: { keyId: keyId(signingKey), signature } };
  }

  async #recover({ shares }: EpochSalts): Promise<SaltKey> {
    const opened = this.#place.administratorDirs.map((dir) => {
      const administrator = keyId(readSigningKeys(dir).publicKey);
      const share = shares.find(({ administratorKeyId }) => equalBytes(administratorKeyId, administrator));
      if (share === undefined) throw new Error("an administrator has no share");
      // What stands before the share says whose and which it is, see `makeSalts`.
      return openSealed(readSealingKeys(dir), share.sealed).slice(-SHARE_BYTES);
    });
    return saltKey(await combine(opened));
  }
}

/** Where a test federation under `root` keeps its board. */
export function boardUnder(root: string, administrators: readonly string[], nodeDir: BoardPlace["nodeDir"]): TestBoard {
  const administratorDirs = administrators.map((name) => join(root, name));
  const freshnessDirs = [join(root, "out", "registrar"), ...administratorDirs];
  return new TestBoard({ administratorDirs, brokerDir: join(root, "broker"), freshnessDirs, nodeDir });
}
