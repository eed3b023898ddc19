/** What hashes, and JetStream with the federation's own server and settings, allow by themselves in the same run. */
import { paddedCount } from "../../agency-node/core/padding.ts";
import { deliveryStreamSettings } from "../../broker/bus/streams.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { BROKER_INBOX_PREFIX, deliverySubject } from "../../shared/wire/subjects.ts";
import { createLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import type { TestFederation } from "../support/federation.ts";
import { coreSeconds, rounded } from "./measure.ts";
import { limitSeconds } from "./rotate-bench.ts";
import { CLASS_TOKENS } from "./rotate-cache.ts";

const KEY = randomBytes(32);
const TOKEN_INPUT = randomBytes(91);
const HASHES = 300_000;
const SAMPLED_RECORDS = 2_000;

/** Padded tokens of a record in a cache that was filled. */
export const PLACES_PER_RECORD = CLASS_TOKENS.reduce(
  (sum, count, i) => sum + paddedCount(TOKEN_CLASSES[i] as TokenClass, count),
  0,
);

/** BLAKE2b of a token, a second and core. */
export function hashesPerSecond(): number {
  const seconds = coreSeconds(() => {
    for (let i = 0; i < HASHES; i += 1) sodium.crypto_generichash(16, TOKEN_INPUT, KEY);
  });
  return rounded(HASHES / seconds);
}

/** Padded tokens a second and core if nothing but their hashes were to be made, at node and broker together, see `limitSeconds`. */
export function hashedTokensPerCpuSecond(): number {
  return rounded((SAMPLED_RECORDS * PLACES_PER_RECORD) / limitSeconds(SAMPLED_RECORDS));
}

export type JetStreamLimit = {
  /** Of the size of a sealed message with one statement, many on their way at once, stored and acknowledged. */
  readonly smallMessagesPerSecond: number;
  /** In messages of 512 KiB, the largest. */
  readonly megabytesPerSecond: number;
};

const MIB = 1_024 * 1_024;
const SMALL = { bytes: 2_160, count: 4_000, inFlight: 256 };
const LARGE = { bytes: 512 * 1_024, count: 300, inFlight: 8 };

/** Of the nats-server that runs, in a stream with the settings that deliveries to a member have. */
export async function jetStreamLimit(federation: TestFederation): Promise<JetStreamLimit> {
  const end = new AbortController();
  const dir = federation.dir("broker");
  await using bus = await connectNats({
    url: federation.natsUrl,
    creds: readNatsCredentials(dir),
    roots: readTls(dir).rootsPem,
    inboxPrefix: BROKER_INBOX_PREFIX,
    name: "bench",
    log: createLog("bench"),
    signal: end.signal,
  });
  const member = toId<MemberId>(toHex(randomBytes(16)));
  const sizes = { submissionBytesMax: 32 * MIB, deliveryBytesMax: 512 * MIB, replicas: 1 };
  const settings = deliveryStreamSettings(member, sizes);
  await bus.ensureStream(settings);
  const publish = async (of: typeof SMALL, name: string): Promise<number> => {
    const data = randomBytes(of.bytes);
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < of.count) {
        next += 1;
        await bus.publish(deliverySubject(member), data, `${name} ${next}`);
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: of.inFlight }, one));
    return of.count / ((performance.now() - began) / 1_000);
  };
  const small = await publish(SMALL, "small");
  const large = await publish(LARGE, "large");
  await bus.deleteStream(settings.name);
  return { smallMessagesPerSecond: rounded(small), megabytesPerSecond: rounded((large * LARGE.bytes) / 1e6) };
}
