/**
 * What the web console shows, read from the broker as it runs: the chain, the board's desk, the ledger, the evaluator that it hosts.
 * Statements of members, registrar and broker are proven here by the keys in the chain; what does not hold is not shown.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { PurgeAttestation } from "../../shared/core/board.ts";
import { judgeFreshness } from "../../shared/core/chain.ts";
import type { Health } from "../../shared/core/data-plane.ts";
import type { Federation, Freshness } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { parseEnrolment } from "../../shared/party/enrolment.ts";
import type { Enrolled } from "../../shared/party/enrolment.ts";
import { openPurgeAttestation } from "../../shared/wire/board.ts";
import { openHealth } from "../../shared/wire/data-plane.ts";
import { decodeSignedFreshness } from "../../shared/wire/directive.ts";
import type { Board } from "../board/board.ts";
import type { Alarm } from "../core/alarm.ts";
import type { Balance } from "../../shared/core/quota.ts";
import { brokerKeysOf } from "../keys.ts";
import type { Oversight } from "../oversight.ts";
import type { Directory } from "../store/directory.ts";
import type { Ledger } from "../store/ledger.ts";
import type {
  BrokerStatus,
  ConsoleData,
  MemberHealth,
  Proposal,
  ReceivedEnrolment,
  Spending,
} from "../console/console-data.ts";
import { Changes } from "./changes.ts";
import { Proven } from "./proven.ts";

export type BrokerDataParts = {
  readonly directory: Directory;
  readonly board: Pick<Board, "proposals" | "enrolments" | "changeCount">;
  readonly oversight: Oversight;
  readonly ledger: Pick<Ledger, "changeCount">;
  readonly status: () => BrokerStatus;
  /** The evaluator that this broker hosts, if it hosts one. */
  readonly hosted: { readonly name: string; readonly balanceOf: (member: MemberId) => Balance | undefined } | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

export class BrokerData implements ConsoleData {
  readonly #parts: BrokerDataParts;
  readonly #changes: Changes;
  readonly #statements = new Proven<Health>();
  readonly #freshness = new Proven<Freshness>();
  readonly #enrolments = new Proven<Enrolled>();
  readonly #attestations = new Proven<PurgeAttestation>();

  constructor(parts: BrokerDataParts) {
    this.#parts = parts;
    const { directory, board, ledger, oversight, status, log } = parts;
    this.#changes = new Changes({
      directory,
      state: () =>
        [board.changeCount, ledger.changeCount, status().natsConnected, oversight.streamsRefused().join(" ")].join(),
      log,
    });
  }

  /** Until the signal aborts: tells the console of changes. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.#changes.follow(signal);
  }

  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  chain(): ReturnType<ConsoleData["chain"]> {
    return this.#parts.directory.chain;
  }

  freshness(): Freshness | undefined {
    const statement = this.#readFreshness();
    const federation = this.#federation;
    // A statement of another history shows itself only against the directive of its number.
    const key = `${federation.head.number}/${toHex(federation.found.freshnessKey)}`;
    return statement && this.#freshness.read(key, statement, (bytes) => this.#proveFreshness(bytes, federation));
  }

  status(): BrokerStatus {
    return this.#parts.status();
  }

  proposals(): Proposal[] {
    return this.#parts.board.proposals.list();
  }

  invitations(): ReturnType<ConsoleData["invitations"]> {
    return this.#parts.board.enrolments.invitations();
  }

  enrolments(): ReceivedEnrolment[] {
    return this.#parts.board.enrolments.enrolments().flatMap(({ keyId: id, enrolment, note, receivedAtMs }) => {
      const enrolled = this.#enrolments.read(id, enrolment, (bytes) => parseEnrolment(new TextDecoder().decode(bytes)));
      return enrolled === undefined ? [] : [{ ...enrolled, note, receivedAtMs }];
    });
  }

  health(): ReadonlyMap<MemberId, MemberHealth> {
    const { members, suspended } = this.#federation;
    return new Map(
      this.#parts.oversight.members().map(({ member, health, ...of }) => {
        const signingKey = (members.get(member) ?? suspended.get(member))?.signingKey;
        const statement = health && signingKey && this.#statementOf(member, signingKey, health.signed);
        const receivedAtMs = statement === undefined ? 0 : (health?.receivedAtMs ?? 0);
        return [member, { statement, receivedAtMs, ...of }];
      }),
    );
  }

  attestations(): PurgeAttestation[] {
    const { id } = this.#federation;
    return this.#parts.oversight.attestations().flatMap(({ epoch, signed }) => {
      const prove = (bytes: Uint8Array): PurgeAttestation =>
        openPurgeAttestation(bytes, id, (signer) => this.#brokerKey(signer)).value;
      return this.#attestations.read(String(epoch), signed, prove) ?? [];
    });
  }

  spending(): Spending[] {
    const { oversight, hosted, clock } = this.#parts;
    const asOfMs = clock();
    const published = oversight.budgets().map(({ member, usedInWindow, perDay, initial, initialUsed }): Spending => {
      const initialLeft = Math.max(0, initial - initialUsed);
      return { member, evaluator: undefined, used: usedInWindow, perDay, initialLeft, asOfMs };
    });
    if (hosted === undefined) return published;
    const evaluated = published.flatMap(({ member }): Spending[] => {
      const balance = hosted.balanceOf(member);
      if (balance === undefined) return [];
      const { usedInWindow, perDay, initialLeft } = balance;
      return [{ member, evaluator: hosted.name, used: usedInWindow, perDay, initialLeft, asOfMs }];
    });
    return [...published, ...evaluated];
  }

  alarms(): Alarm[] {
    return this.#parts.oversight.alarms();
  }

  acknowledge(id: number, of: { readonly by: string; readonly note: string }): boolean {
    return this.#parts.oversight.acknowledge(id, of);
  }

  get #federation(): Federation {
    return this.#parts.directory.federation;
  }

  #readFreshness(): Uint8Array | undefined {
    try {
      return this.#parts.directory.readFreshness();
    } catch (error) {
      if (isCausewayError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  #proveFreshness(bytes: Uint8Array, federation: Federation): Freshness {
    const signed = decodeSignedFreshness(bytes);
    judgeFreshness(federation, signed, this.#parts.clock());
    return signed.freshness;
  }

  #statementOf(member: MemberId, signingKey: Uint8Array, signed: Uint8Array): Health | undefined {
    const scope = { federation: this.#federation.id, member, signingKey };
    return this.#statements.read(`${member}/${toHex(signingKey)}`, signed, (bytes) => openHealth(bytes, scope));
  }

  #brokerKey(signer: string): Uint8Array | undefined {
    return brokerKeysOf(this.#parts.directory.directives).find((publicKey) => toHex(keyId(publicKey)) === signer);
  }
}
