/**
 * One afternoon of an invented federation in which a bit of everything is going on: for pages, screenshots and axe. All units,
 * persons, numbers and findings are invented.
 */
import { directiveHash } from "../../shared/core/chain.ts";
import type { SignedDirective } from "../../shared/core/directive.ts";
import type { Enrolled } from "../../shared/party/enrolment.ts";
import { seatId } from "../../broker/console/seats.ts";
import { alarm, BOARD, healthIn, memberId, NOW_MS, seatOf, signerOf } from "./invented-federation.ts";
import { InventedBroker } from "./invented-broker.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { randomBytes } from "../../shared/world/random.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ago = (days: number): number => NOW_MS - days * DAY;

/** A federation with members in every state, epoch 1 active, and a removal that makes a rotation due. */
export function lakeside(): InventedBroker {
  const broker = new InventedBroker();
  history(broker);
  membersHealth(broker);
  waiting(broker);
  watched(broker);
  broker.fresh();
  return broker;
}

function history(broker: InventedBroker): void {
  broker.admit("ct-west", "Counter-Terrorism Unit West", {}, ago(264));
  broker.admit(
    "thb-harbour",
    "Human Trafficking Unit Harbour",
    {
      mandate: "human-trafficking",
      domains: ["target", "protected"],
      purposes: ["deconfliction", "protection of victims"],
    },
    ago(264),
  );
  broker.admit("wcu-north", "War Crimes Unit North", { mandate: "war-crimes" }, ago(264));
  broker.decide(broker.opening(1, ago(263), "causeway-1"), undefined, ago(263));
  broker.decide({ type: "epochActivate", epoch: 1, laggards: [] }, undefined, ago(262));
  broker.admit("border-east", "Border Analysis Desk East", { mandate: "border-crime" }, ago(200));
  broker.admit("customs", "Customs Investigation South", { mandate: "smuggling" }, ago(180));
  broker.admit("vice-old-town", "Vice Squad Old Town", { mandate: "human-trafficking" }, ago(170));
  const newNode = {
    signingKey: signerOf("wcu-north, second node").publicKey,
    sealing: sealingKeyPair(randomBytes(32)),
  };
  const wcu = broker.state.members.get(memberId("wcu-north"));
  if (wcu === undefined) throw new Error("the unit was admitted above");
  broker.decide(
    {
      type: "rotateKey",
      party: {
        kind: "member",
        member: wcu.member,
        sealingKey: newNode.sealing.publicKey,
        salts: broker.saltsFor(wcu),
      },
      signingKey: newNode.signingKey,
      reason: "The node's machine was destroyed by fire.",
    },
    [BOARD[1], BOARD[2]],
    ago(90),
  );
  broker.decide(
    {
      type: "policy",
      canaryBeatMinutes: 240,
      canaryWithinMinutes: 10,
      budgetAlarmPercent: 80,
      overdueStatementsMax: 8,
      allowances: [{ member: memberId("ct-west"), perDay: 40_000 }],
      reason: "A large file of the unit is being taken over.",
    },
    undefined,
    ago(60),
  );
  broker.decide(
    {
      type: "neverCorrelate",
      epoch: 1,
      domain: "target",
      tokens: [randomBytes(16), randomBytes(16)],
      reason: "Number of a hospital's switchboard.",
    },
    undefined,
    ago(45),
  );
  broker.decide(
    { type: "suspend", member: memberId("customs"), reason: "The node's signing key may have been copied." },
    undefined,
    ago(3),
  );
  broker.decide(
    { type: "remove", member: memberId("vice-old-town"), reason: "The unit was dissolved.", forCause: false },
    [BOARD[0], BOARD[2]],
    ago(2),
  );
}

function membersHealth(broker: InventedBroker): void {
  broker.statusNow = {
    version: "0.2.0",
    natsConnected: true,
    journal: { storedAtMs: NOW_MS, refused: undefined },
    records: 61_240,
    tokens: 1_469_760,
    matchesOpened: 1_312,
    matchesOpen: 418,
  };
  const in1 = (records: number, changes = {}) => [healthIn(1, records, NOW_MS, changes)];
  broker.hear("ct-west", {
    held: [{ epoch: 1, records: 24_529, tokens: 588_696 }],
    statement: { epochs: in1(24_100) },
  });
  broker.hear("thb-harbour", {
    statement: { epochs: in1(18_540, { digestAgreedMs: 0 }), nodeTimeMs: NOW_MS + 2 * MINUTE, version: "0.1.9" },
  });
  broker.hear("wcu-north", {
    receivedAtMs: NOW_MS - 3 * HOUR,
    lastAppliedMs: NOW_MS - 4 * HOUR,
    statement: {
      epochs: in1(9_400, { canariesMet: 1 }),
      nodeTimeMs: NOW_MS - 3 * HOUR,
      outboxSinceMs: NOW_MS - 4 * HOUR,
      canariesUnprovenSinceMs: NOW_MS - 3 * HOUR - 20 * MINUTE,
      directiveNumber: 11,
    },
  });
  broker.hear("border-east", { statement: { epochs: in1(9_200) } });
}

function waiting(broker: InventedBroker): void {
  broker.propose(
    {
      type: "reinstate",
      member: memberId("customs"),
      reason: "The key was not copied; examined by Inspector B.",
      salts: broker.saltsFor({ slug: "customs", domains: ["target"] }),
    },
    [BOARD[1]],
  );
  broker.propose(
    {
      type: "boardChange",
      board: [seatOf(BOARD[0]), seatOf(BOARD[1]), seatOf("Judge D"), seatOf("Inspector E")],
      quorum: 3,
      shares: [...broker.state.epochs.values()].flatMap(({ epoch, salts }) =>
        salts.map(({ domain }) => ({
          epoch,
          domain,
          shares: [BOARD[0], BOARD[1], "Judge D", "Inspector E"].map((name) => ({
            administratorKeyId: keyId(seatOf(name).signingKey),
            sealed: randomBytes(80),
          })),
        })),
      ),
      reason: "C retires; the board grows.",
    },
    [BOARD[0]],
    { proposedAtMs: NOW_MS - 26 * HOUR },
  );
  broker.propose(
    { type: "suspend", member: memberId("border-east"), reason: "Burst of records, being asked." },
    [BOARD[2]],
    {
      state: "overtaken",
      proposedAtMs: NOW_MS - 3 * DAY,
    },
  );
  broker.propose({ type: "remove", member: memberId("customs"), reason: "No answer.", forCause: true }, [BOARD[2]], {
    state: "expired",
    proposedAtMs: NOW_MS - 9 * DAY,
  });
  broker.invited = [
    { note: "Cybercrime unit, asked for by letter of 12 November", validUntilMs: NOW_MS + 3 * DAY },
    { note: "Financial investigation desk", validUntilMs: NOW_MS - 2 * DAY },
  ];
  broker.enrolled = [
    {
      ...inventedEnrolment("Missing Persons Unit Lakeshore"),
      note: "Missing persons, for possible victims",
      receivedAtMs: NOW_MS - 50 * MINUTE,
    },
  ];
}

/** As if it had been handed in; nobody holds its keys. */
function inventedEnrolment(name: string): Enrolled {
  return {
    enrolment: {
      kind: "node",
      name,
      mandate: "missing-persons",
      contact: { office: "Duty desk", phone: "+44 1632 960044", email: "duty@lakeshore.example", hours: "always" },
      signingKey: signerOf(name).publicKey,
    },
    fingerprint: "4c1e 09ab d3f7 6620 18e5 bb0c 7a42 91df",
  };
}

function watched(broker: InventedBroker): void {
  const spend = (slug: string, at: "tokens" | "evaluator", used: number, perDay: number, initialLeft = 0) => ({
    member: memberId(slug),
    // This broker hosts an evaluator under its own name.
    evaluator: at === "tokens" ? undefined : "broker",
    used,
    perDay,
    initialLeft,
    asOfMs: NOW_MS - MINUTE,
  });
  broker.spent = [
    spend("ct-west", "tokens", 33_120, 40_000),
    spend("ct-west", "evaluator", 21_004, 40_000),
    spend("thb-harbour", "tokens", 412, 20_000, 120_500),
    spend("thb-harbour", "evaluator", 398, 20_000, 118_020),
    spend("wcu-north", "tokens", 0, 20_000, 410_000),
    spend("border-east", "tokens", 20_000, 20_000),
    spend("border-east", "evaluator", 61, 20_000),
  ];
  broker.raised = [
    alarm(7, {
      kind: "churn",
      member: memberId("border-east"),
      text: "412 records were published and withdrawn within 10 minutes.",
      lastSeenMs: NOW_MS - 35 * MINUTE,
    }),
    alarm(6, {
      kind: "budget",
      member: memberId("ct-west"),
      text: "33,120 of 40,000 new tokens in 24 hours.",
      lastSeenMs: NOW_MS - 2 * HOUR,
      firstSeenMs: NOW_MS - 5 * HOUR,
      count: 4,
    }),
    alarm(3, {
      kind: "burst",
      member: memberId("ct-west"),
      text: "9,300 new records in an hour; usually 40.",
      firstSeenMs: NOW_MS - 8 * DAY,
      lastSeenMs: NOW_MS - 8 * DAY,
      acknowledged: {
        by: seatId(seatOf(BOARD[1])),
        atMs: NOW_MS - 7 * DAY,
        note: "The unit took over a file of 2025. Confirmed by its head by telephone.",
      },
    }),
  ];
}

/** Epoch 1 retired long ago, 2 aborted, 3 active and 4 in staging: a rotation is running. */
export function rotating(): InventedBroker {
  const broker = lakeside();
  broker.proposed = [];
  const second = broker.decide(broker.opening(2, ago(1.5)), undefined, ago(1.5));
  broker.decide(abortOf(2, second), undefined, ago(1.4));
  broker.decide(broker.opening(3, ago(1)), undefined, ago(1));
  broker.decide({ type: "epochActivate", epoch: 3, laggards: [memberId("wcu-north")] }, undefined, ago(0.8));
  broker.decide(
    {
      type: "epochRetire",
      epoch: 1,
      cause: "rotated",
      laggards: [memberId("wcu-north")],
      reason: "Retirement day. War Crimes Unit North is told to publish again.",
    },
    undefined,
    ago(0.5),
  );
  broker.decide(broker.opening(4, NOW_MS - 4 * MINUTE), undefined, NOW_MS - 4 * MINUTE);
  broker.fresh();
  broker.purged = [
    {
      epoch: 1,
      directiveNumber: 19,
      records: 61_240,
      tokens: 1_469_760,
      messages: 8_112,
      purgedAtMs: ago(0.5) + MINUTE,
    },
  ];
  carriedOver(broker, 0.6);
  return broker;
}

/** How far the members have come with epoch 4, from 0 to 1; War Crimes Unit North comes last. */
export function carriedOver(broker: InventedBroker, share: number): void {
  const records = { "ct-west": 24_100, "thb-harbour": 18_540, "wcu-north": 9_400, "border-east": 9_200 };
  for (const [slug, count] of Object.entries(records)) {
    const own = slug === "wcu-north" ? Math.max(0, 2 * share - 1) : Math.min(1, share * 1.6);
    const published = Math.floor(own * count);
    const there = published === count;
    const staging = { published, digestAgreedMs: there ? NOW_MS : 0, canariesMet: there ? 3 : 0 };
    broker.hear(slug, {
      statement: { epochs: [healthIn(3, count, NOW_MS), healthIn(4, count, NOW_MS, staging)] },
    });
  }
  broker.changed();
}

function abortOf(epoch: number, opening: SignedDirective) {
  const openingHash = directiveHash(opening.payload);
  return { type: "epochAbort", epoch, openingHash, reason: "A node lacked the linkage scheme." } as const;
}
