/** A member of a test federation that acts by hand on the wire, with its real credentials and keys, in place of its node. */
import { connect, credsAuthenticator, headers } from "nats";
import type { NatsConnection } from "nats";
import { loadChain } from "../../shared/party/chain-file.ts";
import { silentLog } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { readPin } from "../../shared/party/pin.ts";
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { submissionHash } from "../../shared/wire/data-plane.ts";
import { sealMessage, signMessage } from "../../shared/wire/envelope.ts";
import { Submission } from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix, submissionSubject } from "../../shared/wire/subjects.ts";
import { Client } from "../broker/support.ts";
import type { TestFederation, UnitName } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { recipientKeyOf } from "../../shared/crypto/seal.ts";

export class RawMember extends Client {
  readonly #dir: string;
  readonly #natsUrl: string;

  private constructor(...[member, dir, bus, federation, natsUrl]: [...ConstructorParameters<typeof Client>, string]) {
    super(member, dir, bus, federation);
    this.#dir = dir;
    this.#natsUrl = natsUrl;
  }

  /** Connects and listens. Needs the streams, which the broker makes. */
  static async connect(federation: TestFederation, unit: UnitName, signal: AbortSignal): Promise<RawMember> {
    const member = federation.member(unit);
    const dir = federation.dir(unit);
    const bus = await connectNats({
      url: federation.nats.url,
      creds: readNatsCredentials(dir),
      roots: readTls(dir).rootsPem,
      apiPrefix: MEMBER_API_PREFIX,
      inboxPrefix: memberInboxPrefix(member),
      name: unit,
      signal,
      log: silentLog,
    });
    const chain = loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs: Date.now() });
    const raw = new RawMember(member, dir, bus, chain.federation, federation.nats.url);
    void raw.listen();
    return raw;
  }

  /** A connection of the plain client, which knows none of our limits. */
  async plainConnection(): Promise<NatsConnection> {
    return await connect({
      servers: this.#natsUrl,
      authenticator: credsAuthenticator(new TextEncoder().encode(readNatsCredentials(this.#dir))),
      tls: { ca: readTls(this.#dir).rootsPem },
      inboxPrefix: memberInboxPrefix(this.member),
    });
  }

  /** Signs and seals a payload that our own code would not write. */
  sealPayload(payload: Uint8Array, type = "submission"): Uint8Array {
    const scope = { federation: this.federation.id, type };
    return sealMessage(signMessage(payload, scope, readSigningKeys(this.#dir)), this.brokerKey, randomBytes(32));
  }

  /** The next submission with a body as the wire has it; `take` uses its number up. */
  nextOnWire(body: Submission["body"]): { readonly sealed: Uint8Array; readonly take: () => void } {
    const payload = Submission.encode({
      recipientKey: recipientKeyOf(this.brokerKey),
      member: fromHex(this.member),
      incarnation: fromHex(this.incarnation),
      sequence: BigInt(this.sequence + 1),
      prevHash: this.prevHash,
      epoch: 1,
      body,
    }).finish();
    const take = (): void => {
      this.sequence += 1;
      this.prevHash = submissionHash(payload);
    };
    return { sealed: this.sealPayload(payload), take };
  }
}

/** Publishes without waiting; answers when the server has stored all. */
export async function publishAll(
  connection: NatsConnection,
  member: RawMember,
  messages: readonly Uint8Array[],
): Promise<void> {
  const jetstream = connection.jetstream({ apiPrefix: MEMBER_API_PREFIX, timeout: LONG_MS });
  const subject = submissionSubject(member.member, 1);
  await Promise.all(
    messages.map(async (message) => {
      const withId = headers();
      withId.set("Nats-Msg-Id", toHex(blake2b(32, message)));
      await jetstream.publish(subject, message, { headers: withId });
    }),
  );
}
