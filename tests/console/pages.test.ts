/** What the pages say. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../shared/core/bytes.ts";
import type { Proposal } from "../../broker/console/console-data.ts";
import { digestOf, proposalPath } from "../../broker/console/proposals.ts";
import { directiveHash } from "../../shared/core/chain.ts";
import { createAuthority } from "../../shared/platform/certificates.ts";
import { certificateDer } from "../../shared/platform/tls.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { rootId } from "../../agency-node/registrar/root-id.ts";
import { directives } from "../../shared/words/english/directives.ts";
import type { Admit, DirectiveBody } from "../../shared/core/directive.ts";
import { carriedOver, lakeside, rotating } from "./scenario.ts";
import { admission, alarm, BOARD, bytesOf, memberId, NOW_MS, seatOf } from "./invented-federation.ts";
import { InventedBroker } from "./invented-broker.ts";
import { ADMINISTRATOR, AUDITOR, SECOND_ADMINISTRATOR } from "./test-console.ts";
import { signerOf } from "./invented-federation.ts";
import { TestConsole } from "./test-console.ts";
import { textOf } from "../web/visitor.ts";
import type { Visitor } from "../web/visitor.ts";

const HOUR = 3_600_000;

async function over(
  broker: InventedBroker,
  user = ADMINISTRATOR,
): Promise<AsyncDisposable & { read(path: string): Promise<string>; visitor: Visitor }> {
  const tested = await TestConsole.start(broker);
  const visitor = await tested.signedIn(user);
  return {
    visitor,
    read: async (path) => textOf(await visitor.read(path)),
    [Symbol.asyncDispose]: () => tested[Symbol.asyncDispose](),
  };
}

describe("the overview names what needs an administrator now", () => {
  it("the gravest first, and each only as long as it does", async () => {
    const broker = lakeside();
    await using console = await over(broker);
    const before = await console.read("/");
    const places = [
      "412 records were published and withdrawn",
      "Somebody knows salts in use whom they are not for any more",
      "its node has been silent for 3 hours",
      "Reinstate Customs Investigation South: needs 1 more approval, yours is missing",
      "Missing Persons Unit Lakeshore has handed in its keys",
      "Change the board: needs 2 more approvals",
    ].map((text) => before.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    broker.raised = [];
    broker.proposed = [];
    broker.enrolled = [];
    broker.hear("wcu-north");
    broker.hear("thb-harbour");
    expect(await console.read("/")).not.toMatch(/412 records|silent|Reinstate|handed in|its clock/);
  });

  it("nothing, where there is nothing", async () => {
    const broker = new InventedBroker();
    broker.fresh();
    await using console = await over(broker);
    expect(await console.read("/")).toContain("Nothing. All members are heard");
  });

  it("a policy that is not proven: never stated, ended, of an older directive, or ending soon", async () => {
    const broker = new InventedBroker();
    await using console = await over(broker);
    expect(await console.read("/")).toContain("Policy unproven: nodes refuse");
    broker.fresh(-HOUR);
    expect(await console.read("/")).toContain("Policy unproven since 22 November 2026, 13:05 UTC");
    broker.fresh(2 * HOUR);
    expect(await console.read("/")).toContain("The freshness statement ends in 2 hours");
    broker.fresh();
    expect(await console.read("/")).not.toContain("freshness statement");
    broker.admit("ct-west", "Unit West");
    expect(await console.read("/")).toContain("names directive 1, but 2 is the latest");
  });

  it("a broker without NATS, and an epoch whose day has come", async () => {
    const broker = lakeside();
    broker.statusNow = { ...broker.statusNow, natsConnected: false };
    broker.nowMs = NOW_MS + 110 * 24 * HOUR;
    await using console = await over(broker);
    const text = await console.read("/");
    expect(text).toContain("The broker is not connected to NATS");
    expect(text).toContain("Epoch 1 is to be retired by 4 March 2027");
  });

  it("a TLS root under which no certificate can live its whole life any more, until there is another", async () => {
    const broker = new InventedBroker();
    await using console = await over(broker);
    const rootFor = async (days: number): Promise<Uint8Array> => {
      const of = { federation: randomBytes(16), nowMs: broker.nowMs, lifeMs: days * 24 * HOUR };
      return certificateDer((await createAuthority(of)).certificatePem);
    };
    const follow = async (root: Uint8Array): Promise<string> => {
      const roots = [...broker.chain().federation.found.tlsRoots, root];
      broker.decide({ type: "tlsRoots", roots, reason: "x" });
      return await console.read("/");
    };
    expect(await follow(await rootFor(396))).toContain("The TLS root ends on");
    expect(await follow(await rootFor(3_650))).not.toContain("The TLS root ends on");
  });

  it("an auditor is told of proposals, and of none as its own", async () => {
    await using console = await over(lakeside(), AUDITOR);
    const text = await console.read("/");
    expect(text).toContain("Reinstate Customs Investigation South: needs 1 more approval");
    expect(text).not.toContain("yours is missing");
  });
});

describe("the members' page", () => {
  it("shows state, version, clock, outbox, digest and test records of each", async () => {
    await using console = await over(lakeside());
    const text = await console.read("/members");
    for (const words of [
      "Suspended",
      "0.1.9",
      "2 minutes ahead",
      "Oldest had waited 60 minutes when last heard",
      "Unproven since 22 November 2026, 10:45 UTC",
    ]) {
      expect(text).toContain(words);
    }
  });

  it("warns of a clock from 30 seconds on, and of two histories", async () => {
    const broker = new InventedBroker();
    broker.admit("ct-west", "Unit West");
    broker.fresh();
    await using console = await over(broker);
    const skewed = (ms: number): void =>
      broker.hear("ct-west", { receivedAtMs: NOW_MS, statement: { nodeTimeMs: NOW_MS + ms } });
    skewed(-29_999);
    expect(await console.read("/")).not.toContain("clock");
    skewed(-30_000);
    expect(await console.read("/")).toContain("Unit West: its clock is 30 seconds behind");
    broker.hear("ct-west", { statement: { directiveHash: new Uint8Array(32) } });
    expect(await console.read("/")).toContain("somebody keeps two histories");
  });

  it("says whose streams NATS refuses, also before the node was ever heard", async () => {
    const broker = new InventedBroker();
    broker.admit("ct-west", "Unit West");
    broker.fresh();
    await using console = await over(broker);
    broker.hear("ct-west", { streamsRefused: true });
    expect(await console.read("/")).toContain("Unit West: its streams are refused by NATS");
    for (const [member, health] of broker.healthOf) broker.healthOf.set(member, { ...health, statement: undefined });
    expect(await console.read("/members")).toContain("No room");
    broker.hear("ct-west");
    expect(await console.read("/members")).not.toContain("No room");
  });

  it("says who meets nobody, and whose alarm has ended by itself", async () => {
    const broker = new InventedBroker();
    broker.admit("ct-west", "Unit West");
    broker.fresh();
    const texts = { kind: "proofOverdue", member: memberId("ct-west"), text: "invented" } as const;
    const acknowledged = { by: "", atMs: broker.nowMs, note: "All statements are in." };
    broker.raised.push({ ...texts, id: 1, firstSeenMs: 1, lastSeenMs: 2, count: 1, acknowledged });
    await using console = await over(broker);
    broker.hear("ct-west", { isQuarantined: true });
    expect(await console.read("/")).toContain("Unit West: its records meet nobody");
    expect(await console.read(`/members/${memberId("ct-west")}`)).toContain("Meets nobody");
    for (const path of ["/alarms", "/alarms/1"]) expect(await console.read(path)).toContain("Ended by itself");
  });

  it("leads to each member's terms, history and commands, those who have left included", async () => {
    await using console = await over(lakeside());
    const active = await console.read(`/members/${memberId("thb-harbour")}`);
    expect(active).toContain("Invented Police Act, section 14");
    expect(active).toContain("victims and witnesses (protected)");
    expect(active).toMatch(/causeway admin suspend .*thb-harbour/);
    expect(active).not.toContain("causeway admin reinstate");
    const suspended = await console.read(`/members/${memberId("customs")}`);
    expect(suspended).toContain("The node's signing key may have been copied.");
    expect(suspended).toMatch(/causeway admin reinstate .*customs/);
    const removed = await console.read(`/members/${memberId("vice-old-town")}`);
    expect(removed).toContain("Removed: The unit was dissolved.");
    expect(removed).not.toContain("causeway admin");
    expect((await console.visitor.get("/members/0123456789abcdef0123456789abcdef")).status).toBe(404);
    expect((await console.visitor.get("/members/x'%22%3E")).status).toBe(404);
  });
});

describe("text of others", () => {
  const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;`;

  it("ends up on no page as anything but text", async () => {
    const broker = new InventedBroker();
    const text = HOSTILE.normalize("NFC");
    const contact = { office: text, phone: "<b>'\"</b>", email: text, hours: text };
    broker.admit("evil", text, { mandate: text, legalBasis: text, purposes: [text], contact });
    broker.decide({ type: "suspend", member: memberId("evil"), reason: text });
    const removal: DirectiveBody = { type: "remove", member: memberId("evil"), reason: text, forCause: true };
    const proposal = broker.propose(removal, [BOARD[1]]);
    broker.enrolled = [
      {
        enrolment: { kind: "node", name: text, mandate: text, contact, signingKey: signerOf("evil").publicKey },
        fingerprint: "0000 1111 2222 3333 4444 5555 6666 7777",
        note: text,
        receivedAtMs: NOW_MS,
      },
    ];
    broker.invited = [{ note: text, validUntilMs: NOW_MS }];
    broker.raised = [
      alarm(1, { kind: "burst", member: memberId("evil"), text }),
      alarm(2, { kind: "burst", text, acknowledged: { by: text, atMs: NOW_MS, note: text } }),
    ];
    broker.hear("evil", { statement: { version: text } });
    await using console = await over(broker);
    const paths = [
      "/",
      "/members",
      `/members/${memberId("evil")}`,
      "/joining",
      "/proposals",
      proposalPath(proposal),
      "/alarms",
    ];
    paths.push(
      "/alarms/1",
      "/alarms/2",
      "/directives",
      "/directives/2",
      "/directives/3",
      "/budgets",
      "/epochs",
      "/account",
    );
    for (const path of paths) {
      const page = await console.visitor.read(path);
      expect(page, path).not.toContain("<script>alert");
      expect(page, path).not.toContain("<img");
      expect(page, path).not.toContain(`"'>`);
    }
    expect(await console.visitor.read("/alarms/2")).toContain("&lt;script&gt;");
  });
});

describe("a proposal's page", () => {
  it("says what it does, with all parameters, who has signed and how many must, and the command", async () => {
    const broker = lakeside();
    const digest = digestOf(broker.proposed[0] as Proposal);
    await using console = await over(broker);
    const text = await console.read(`/proposals/${digest}`);
    expect(text).toContain("matches all its records again");
    expect(text).toContain("The key was not copied; examined by Inspector B.");
    expect(text).toContain("Inspector B (proposed it)");
    expect(text).toContain("1 of 2; 1 more needed");
    expect(text).toContain("29 November 2026, 12:05 UTC");
    expect(text).toContain("Approve it");
    expect(text).toMatch(new RegExp(`causeway admin approve DIR ${digest.slice(0, 16)} `));
  });

  it("does not ask those who have signed it already", async () => {
    const broker = lakeside();
    const digest = digestOf(broker.proposed[0] as Proposal);
    await using console = await over(broker, SECOND_ADMINISTRATOR);
    expect(await console.read(`/proposals/${digest}`)).toContain(
      "You have signed it, or have no seat that counts for it.",
    );
  });

  it("counts both boards where the board changes, and one who signs twice once", async () => {
    const broker = new InventedBroker();
    const board = [seatOf(BOARD[0]), seatOf("Judge D"), seatOf("Inspector E")];
    const change: DirectiveBody = { type: "boardChange", board, quorum: 2, shares: [], reason: "x" };
    const proposal = broker.propose(change, [BOARD[0], BOARD[0], BOARD[1]]);
    await using console = await over(broker);
    const text = await console.read(proposalPath(proposal));
    expect(text).toContain("2 given; 0 more of the board as it is, 1 of the new one");
  });

  it("says why one that was overtaken or expired cannot be approved any more", async () => {
    const broker = lakeside();
    const [, , overtaken, expired] = broker.proposed.map(proposalPath);
    await using console = await over(broker);
    for (const [path, words] of [
      [overtaken, "Another decision became directive 15 first"],
      [expired, "did not find enough signatures in time"],
    ]) {
      const text = await console.read(path as string);
      expect(text).toContain(words);
      expect(text).not.toContain("causeway admin approve");
    }
  });
});

describe("the page of an epoch", () => {
  it("holds a cut-over and names who holds it up, by name and in the command that forces it", async () => {
    const broker = rotating();
    carriedOver(broker, 0.9);
    await using console = await over(broker);
    const text = await console.read("/epochs/4");
    expect(text).toContain("Held Waits for War Crimes Unit North.");
    expect(text).toContain("59,360 of 61,240 records, 96 %");
    expect(text).toContain("1,880 of its records differ; 3 of its test records have not met");
    expect(text).toMatch(/causeway admin .*activate .*wcu-north/);
    expect(text).toMatch(/causeway admin .*abort/);
  });

  it("offers the activation once all are there, and the retirement once nobody needs the old one", async () => {
    const broker = rotating();
    carriedOver(broker, 1);
    await using console = await over(broker);
    const ready = await console.read("/epochs/4");
    expect(ready).toContain("The epoch can be activated.");
    expect(await console.read("/")).toContain("Epoch 4 is ready to be activated");
    broker.decide({ type: "epochActivate", epoch: 4, laggards: [] });
    carriedOver(broker, 1);
    const closing = await console.read("/epochs/3");
    expect(closing).toContain("Nobody needs epoch 3 any more: it can be retired.");
    expect(closing).toMatch(/causeway admin .*retire/);
    broker.healthOf.delete(memberId("ct-west"));
    expect(await console.read("/epochs/3")).toContain("Counter-Terrorism Unit West: never heard");
  });

  it("shows the broker's word on what was purged, and says if there is none", async () => {
    await using console = await over(rotating());
    const retired = await console.read("/epochs/1");
    expect(retired).toContain("61,240 records, 1,469,760 tokens with padding");
    expect(retired).toContain("8,112 submissions");
    expect(await console.read("/epochs/2")).toContain("Missing The broker has not stated yet");
  });

  it("rehearses the next one: size, time, laggards, loss, and that new evaluator keys are due", async () => {
    const broker = lakeside();
    broker.decide({ type: "remove", member: memberId("border-east"), reason: "Fishing.", forCause: true });
    await using console = await over(broker);
    const text = await console.read("/epochs");
    for (const words of [
      "52,040",
      "1,248,960",
      "25 seconds",
      "429 records that the broker holds and no member states as live",
    ])
      expect(text).toContain(words);
    expect(text).toContain("New salts and new evaluator keys are needed.");
    expect(text).toContain(
      "War Crimes Unit North: not heard since 22 November 2026, 11:05 UTC; 2 of its test records have not met",
    );
    expect(text).toMatch(/epoch prepare DIR 2 --new-generation/);
  });

  it("says what closing a leaked epoch at once would lose, beside the command", async () => {
    await using console = await over(lakeside());
    const alone = await console.read("/epochs");
    expect(alone).toContain("61,240 records can match nobody until they stand in another epoch");
    expect(alone).toContain("No other epoch is open");
    expect(alone).toContain("1 member may have more on the way");
    expect(alone).toContain("2 tokens that mean nobody must be listed again");
    expect(alone).toMatch(/epoch retire DIR 1 --leaked/);
    const broker = rotating();
    carriedOver(broker, 0.9);
    await using rotated = await over(broker);
    const text = await rotated.read("/epochs/3");
    expect(text).toContain("1,880 records can match nobody");
    expect(text).toContain("Epoch 4 is in staging: new overlaps are found in it");
  });
});

describe("the history", () => {
  it("has a page for every type of directive, with its words", async () => {
    const broker = rotating();
    broker.decide({
      type: "reinstate",
      member: memberId("customs"),
      reason: "Cleared.",
      salts: broker.saltsFor(admission("customs", "x")),
    });
    broker.decide({ type: "epochRetire", epoch: 3, cause: "leaked", laggards: [], reason: "A copy was found." });
    broker.decide({
      type: "rotateKey",
      party: { kind: "broker" },
      signingKey: signerOf("new broker").publicKey,
      reason: "New machine.",
    });
    broker.decide({
      type: "rotateKey",
      party: { kind: "evaluator", name: "key-office" },
      signingKey: signerOf("new office").publicKey,
      reason: "x",
    });
    broker.decide({
      type: "rotateKey",
      party: { kind: "freshness" },
      signingKey: signerOf("new freshness").publicKey,
      reason: "x",
    });
    const { found, members } = broker.chain().federation;
    const member = members.get(memberId("wcu-north")) as Admit;
    broker.decide({ ...member, type: "memberChange", legalBasis: "Another act", salts: [], reason: "x" });
    broker.decide({ type: "places", broker: "moved.example:1", evaluators: [], nats: "", reason: "x" });
    const root = bytesOf("a root", 16);
    broker.decide({ type: "tlsRoots", roots: [...found.tlsRoots, root], reason: "x" });
    broker.replaceFirstSeat("Judge D");
    await using console = await over(broker, SECOND_ADMINISTRATOR);
    const pages = await Promise.all(broker.signed.map((_, index) => console.read(`/directives/${index + 1}`)));
    const types = new Set(broker.signed.map(({ directive }) => `directive.type.${directive.body.type}`));
    expect([...types].toSorted()).toEqual(
      Object.keys(directives)
        .filter((key) => key.startsWith("directive.type."))
        .toSorted(),
    );
    for (const words of [
      "Found Lakeside federation",
      "Admit Counter-Terrorism Unit West",
      "Open epoch 1",
      "Activate epoch 1",
      "New key for War Crimes Unit North",
      "Change the policy",
      "Ignore 2 tokens in epoch 1",
      "Suspend Customs Investigation South",
      "Remove Vice Squad Old Town",
      "Abort epoch 2",
      "Retire epoch 1",
      "Reinstate Customs Investigation South",
      "Close epoch 3: its salt has leaked",
      "New key for the broker",
      "New key for the evaluator key-office",
      "New key for freshness statements",
      "Change the board",
      "Change the terms of War Crimes Unit North",
      "Change addresses",
      "Change the TLS roots",
      // As the registrar's machine prints it.
      rootId(root),
    ]) {
      expect(pages.filter((page) => page.includes(words)).length, words).toBeGreaterThan(0);
    }
  });

  it("names who signed, those who have lost their seat since included, and the hash", async () => {
    const broker = lakeside();
    broker.replaceFirstSeat("Judge D");
    await using console = await over(broker, SECOND_ADMINISTRATOR);
    const payload = broker.signed[1]?.payload ?? new Uint8Array();
    const page = await console.read("/directives/2");
    expect(page).toContain("Prosecutor A");
    expect(page.replaceAll(" ", "")).toContain(toHex(directiveHash(payload)));
    expect((await console.visitor.get("/directives/16")).status).toBe(404);
    expect((await console.visitor.get("/directives/0")).status).toBe(404);
    expect((await console.visitor.get("/directives/1.5")).status).toBe(404);
  });

  it("comes in parts where it is long", async () => {
    const broker = new InventedBroker();
    for (let each = 1; each <= 60; each += 1) broker.admit(`unit-${each}`, `Unit ${each}`);
    await using console = await over(broker);
    const first = await console.read("/directives");
    expect(first).toContain("Directive 61");
    expect(first).not.toMatch(/Directive 11 /);
    expect(first).toContain("Page 1 of 2");
    expect(await console.read("/directives?page=2")).toMatch(/Directive 11 .*Directive 1 /);
    for (const bad of ["0", "3", "x", "1.5", "-1"])
      expect(await console.read(`/directives?page=${bad}`)).toContain("Page 1 of 2");
  });
});

describe("the page of budgets", () => {
  it("compares what is spent with the policy's threshold", async () => {
    const broker = lakeside();
    await using console = await over(broker);
    const text = await console.read("/budgets");
    expect(text).toMatch(/Counter-Terrorism Unit West Broker: new tokens Near the end 33,120 of 40,000, 82 %/);
    expect(text).toMatch(/Border Analysis Desk East Broker: new tokens Used up 20,000 of 20,000, 100 %/);
    expect(text).toMatch(/Border Analysis Desk East Evaluator broker: elements In bounds 61 of 20,000, under 1 %/);
    expect(text).toContain("Not shown: elements at evaluator key-office");
    expect(text).not.toContain("elements at evaluator broker");
    broker.spent = [];
    expect(await console.read("/budgets")).toContain("Nothing reported yet");
  });
});

describe("a fault", () => {
  let tested: TestConsole;
  beforeEach(async () => {
    tested = await TestConsole.start(lakeside());
  });
  afterEach(async () => {
    await tested?.[Symbol.asyncDispose]();
  });

  it("is told to the log and not to the reader", async () => {
    const visitor = await tested.signedIn(ADMINISTRATOR);
    tested.broker.spending = () => {
      throw new Error("a secret of the broker");
    };
    const response = await visitor.get("/budgets");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("a secret");
    expect(tested.log.lines("console.failed")).toEqual([expect.objectContaining({ path: "/budgets", error: "Error" })]);
    expect(tested.log.text).not.toContain("a secret");
  });
});
