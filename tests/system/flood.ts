/** Somebody with one unit's NATS user fills its stream with junk, on the real server. */
import { randomBytes } from "../../shared/world/random.ts";
import { submissionSubject } from "../../shared/wire/subjects.ts";
import { natsAs } from "../registrar/support.ts";
import { TestFederation } from "../support/federation.ts";

const MIB = 1024 * 1024;
const STREAM_BYTES = 16 * MIB;
/** Within so long the unit publishes again. */
export const FLOOD_ENDS_MS = 60_000;
const HEADER = "reference,kind,role,first name,last name,birth date,phone";
const record = (reference: string, day: string): string =>
  `${HEADER}\n${reference},person,suspect,Ilse,Invented,1980-02-${day},+4416329600${day}\n`;

/** Two units that hold one person of their own, met; streams are small. */
export async function floodable(): Promise<TestFederation> {
  await using opened = new AsyncDisposableStack();
  const federation = opened.use(await TestFederation.found());
  await federation.nats.start();
  await startBroker(federation);
  await federation.startEvaluator();
  for (const unit of ["ct", "thb"] as const) await federation.startNode(unit);
  await federation.import("ct", record("CT-1", "03"));
  await federation.import("thb", record("THB-1", "03"));
  await federation.settled(["ct", "thb"]);
  opened.move();
  return federation;
}

/** With streams as small as before. */
export async function startBroker(federation: TestFederation): Promise<void> {
  await federation.startBroker({ submissionBytesMax: STREAM_BYTES });
}

export type Flooded = {
  /** Messages of junk that the server took. */
  readonly junk: number;
  /** From the broker's start until both units had published and met. */
  readonly ms: number;
  /** How often the stream was emptied, and junk was passed over, meanwhile. */
  readonly emptied: number;
  readonly passedOver: number;
  readonly met: boolean;
};

/** Fills the stream while the broker is down; then both units publish a person, born on that day. Throws if they cannot within `FLOOD_ENDS_MS`. */
export async function publishAfterFlood(
  federation: TestFederation,
  { epoch, day }: { readonly epoch: number; readonly day: string },
): Promise<Flooded> {
  const logged = (event: string): number => federation.log.lines(event).length;
  const before = { emptied: logged("alarm.streamEmptied"), passedOver: logged("submission.unproven") };
  await federation.stop("broker");
  const junk = await flood(federation, submissionSubject(federation.member("ct"), epoch));
  await federation.import("ct", record(`CT-${day}`, day));
  await federation.import("thb", record(`THB-${day}`, day));
  const began = performance.now();
  await startBroker(federation);
  await federation.settled(["ct", "thb"], FLOOD_ENDS_MS);
  const ms = performance.now() - began;
  const references = (await federation.matches("ct")).map(({ reference }) => reference);
  return {
    junk,
    ms,
    emptied: logged("alarm.streamEmptied") - before.emptied,
    passedOver: logged("submission.unproven") - before.passedOver,
    met: references.includes(`CT-${day}`),
  };
}

/** Publishes junk, ever smaller, until the server has no room for a single byte more; how many messages it took. */
async function flood(federation: TestFederation, subject: string): Promise<number> {
  const thief = await natsAs(federation, "ct");
  let taken = 0;
  for (let bytes = 256 * 1024; bytes >= 1; taken += 1) {
    const answer = await thief.request(subject, randomBytes(Math.floor(bytes)), { timeout: 10_000 });
    if ((JSON.parse(new TextDecoder().decode(answer.data)) as { error?: unknown }).error !== undefined) bytes /= 2;
    if (taken > 10_000) throw new Error("the stream does not fill");
  }
  await thief.close();
  return taken;
}
