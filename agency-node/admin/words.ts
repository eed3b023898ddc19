/** What a directive does, in plain words and with every parameter: whoever is asked to sign reads this and nothing else. */
import { toHex } from "../../shared/core/bytes.ts";
import type {
  Administrator,
  Admission,
  BoardChange,
  DirectiveBody,
  EpochOpen,
  EpochSalt,
  Evaluator,
  Federation,
  Found,
  Policy,
  RotateKey,
} from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { keyId } from "../../shared/crypto/sign.ts";

export type Explained = {
  /** One sentence, what happens when it takes effect. */
  readonly effect: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
};

const SHORT_DIGITS = 16;

/** What people read to each other and type: the first 64 bits of a digest, in groups of four digits. */
export function shortDigest(digest: Uint8Array): string {
  return (toHex(digest).slice(0, SHORT_DIGITS).match(/.{4}/g) as string[]).join(" ");
}

/** Whether somebody has typed this digest: all of it, or at least what `shortDigest` shows. Spaces and case do not matter. */
export function isDigest(typed: string, digest: Uint8Array): boolean {
  const digits = typed.replaceAll(/\s/g, "").toLowerCase();
  return digits.length >= SHORT_DIGITS && toHex(digest).startsWith(digits);
}

/** `federation`: as it is before the directive. */
export function explain(body: DirectiveBody, federation: Federation): Explained {
  const named = (member: MemberId): string => memberWords(member, federation);
  switch (body.type) {
    case "found":
      return founding(body);
    case "admit":
      return admission(body);
    case "suspend":
      return {
        effect:
          "Cuts the member off at once and hides its records; they are kept, and matched again if it is reinstated.",
        parameters: [["Member", named(body.member)], reasonRow(body)],
      };
    case "reinstate":
      return {
        effect: "Gives a suspended member its rights and today's salts back; all its records are matched again.",
        parameters: [["Member", named(body.member)], saltsRow(body.salts), reasonRow(body)],
      };
    case "remove":
      return {
        effect: `Ends the membership for good: tokens are purged, matches closed on the other side, and a rotation of salts${body.forCause ? " with new evaluator keys" : ""} becomes due.`,
        parameters: [["Member", named(body.member)], ["For cause", yesNo(body.forCause)], reasonRow(body)],
      };
    case "rotateKey":
      return newKey(body, named);
    case "boardChange":
      return boardChange(body, federation);
    case "epochOpen":
      return opening(body, named);
    case "epochActivate":
      return {
        effect: `Makes epoch ${body.epoch} the one that counts. The one before is closing and still takes entries until it is retired.`,
        parameters: [["Epoch", String(body.epoch)], laggardsRow(body.laggards, named)],
      };
    case "epochAbort":
      return {
        effect: `Takes the opening of epoch ${body.epoch} back. Its number is never used again; the active epoch goes on.`,
        parameters: [["Epoch", String(body.epoch)], ["Opening directive", toHex(body.openingHash)], reasonRow(body)],
      };
    case "epochRetire":
      return {
        effect:
          body.cause === "leaked"
            ? `Closes epoch ${body.epoch} at once because its salt has leaked. What stands in it alone matches nobody any more.`
            : `Ends epoch ${body.epoch}: its tokens, stream, snapshots, salts and the broker's key of it are destroyed.`,
        parameters: [
          ["Epoch", String(body.epoch)],
          ["Cause", body.cause],
          laggardsRow(body.laggards, named),
          reasonRow(body),
        ],
      };
    case "policy":
      return policy(body, named);
    case "neverCorrelate":
      return {
        effect: "Tokens on this list open no match, for any member, until the epoch ends.",
        parameters: [
          ["Epoch and domain", `${body.epoch}, ${body.domain}`],
          ["Tokens", body.tokens.map(toHex).join(", ")],
          reasonRow(body),
        ],
      };
  }
}

/** Such as "harbour (Harbour Unit)"; the id of a member that nobody knows. */
export function memberWords(member: MemberId, { members, suspended, removed }: Federation): string {
  const admit = members.get(member) ?? suspended.get(member) ?? removed.get(member)?.admit;
  return admit === undefined ? `unknown member ${member}` : `${admit.slug} (${admit.name})`;
}

/** What a line of the history says a directive is about. */
export function subjectOf(body: DirectiveBody, federation: Federation): string {
  switch (body.type) {
    case "found":
      return `${body.name}: ${body.quorum} of ${body.board.length}`;
    case "admit":
      return `${body.slug} (${body.mandate}): ${body.domains.join(", ")}`;
    case "epochOpen":
    case "epochActivate":
    case "epochAbort":
    case "epochRetire":
    case "neverCorrelate":
      return `epoch ${body.epoch}`;
    case "suspend":
    case "reinstate":
    case "remove":
      return memberWords(body.member, federation);
    case "rotateKey":
      return partyWords(body, (member) => memberWords(member, federation));
    case "boardChange":
      return `${body.quorum} of ${body.board.length}`;
    case "policy":
      return body.reason;
  }
}

function founding(body: Found): Explained {
  return {
    effect: "Founds the federation. Everybody believes it by its fingerprint alone.",
    parameters: [
      ["Name", body.name],
      ...boardRows(body),
      ["Broker", `${body.broker.name} at ${body.broker.address}, key ${keyWords(body.broker.signingKey)}`],
      ["Evaluators", body.evaluators.map(evaluatorWords).join("; ")],
      ["Generation", String(body.generation)],
      ["TLS roots", String(body.tlsRoots.length)],
      ["Freshness key", keyWords(body.freshnessKey)],
    ],
  };
}

function admission(body: Admission): Explained {
  const { contact, budget } = body;
  return {
    effect: "Makes this unit a member on these terms. Broker and evaluators enforce them.",
    parameters: [
      ["Member", `${body.slug} (${body.name}), id ${body.member}`],
      ["Mandate", body.mandate],
      ["Domains", body.domains.join(", ")],
      ["Legal basis", body.legalBasis],
      ["Purposes", body.purposes.join("; ")],
      ["Retention", `${body.retentionDaysMax} days at most`],
      ["Budget", `${budget.initial} once, then ${budget.perDay} a day`],
      [
        "Contact",
        [contact.office, contact.phone, contact.email, contact.hours].filter((text) => text !== "").join(", "),
      ],
      ["Signing key", keyWords(body.signingKey)],
      ["Sealing key", keyWords(body.sealingKey)],
      saltsRow(body.salts),
    ],
  };
}

function newKey(body: RotateKey, named: (member: MemberId) => string): Explained {
  const { party } = body;
  const ofMember: Explained["parameters"] =
    party.kind === "member" ? [["Sealing key", keyWords(party.sealingKey)], saltsRow(party.salts)] : [];
  return {
    effect: "Gives this party new keys. The old ones count for nothing from then on.",
    parameters: [
      ["Party", partyWords(body, named)],
      ["Signing key", keyWords(body.signingKey)],
      ...ofMember,
      reasonRow(body),
    ],
  };
}

function partyWords({ party }: RotateKey, named: (member: MemberId) => string): string {
  switch (party.kind) {
    case "member":
      return named(party.member);
    case "evaluator":
      return `evaluator ${party.name}`;
    case "broker":
      return "broker";
    case "freshness":
      return "freshness statements (the registrar)";
  }
}

function boardChange(body: BoardChange, { found }: Federation): Explained {
  const has = (board: readonly Administrator[], seat: Administrator): boolean =>
    board.some((each) => toHex(each.signingKey) === toHex(seat.signingKey));
  const joins = body.board.filter((seat) => !has(found.board, seat));
  const leaves = found.board.filter((seat) => !has(body.board, seat));
  return {
    effect: "Replaces the board. A quorum of the old one and a quorum of the new one must sign.",
    parameters: [
      ...boardRows(body),
      ["Joins", joins.map(seatWords).join("; ") || "nobody"],
      ["Leaves", leaves.map(seatWords).join("; ") || "nobody"],
      ["New shares", body.shares.map(({ epoch, domain }) => `epoch ${epoch} ${domain}`).join(", ") || "none"],
      reasonRow(body),
    ],
  };
}

function opening(body: EpochOpen, named: (member: MemberId) => string): Explained {
  const salts = body.salts.map(({ domain, commitment, contributions, boxes, shares }): readonly [string, string] => [
    `Salt of ${domain}`,
    `commitment ${toHex(commitment)}; contributions by ${contributions.map((each) => toHex(each.administratorKeyId)).join(", ")}; ${boxes.length} boxes for ${boxes.map((box) => named(box.member)).join(", ") || "nobody yet"}; ${shares.length} shares`,
  ]);
  return {
    effect: `Opens epoch ${body.epoch} for staging: members publish in it beside the active one. It does not count until it is activated.`,
    parameters: [
      ["Epoch", String(body.epoch)],
      ["Opens, retires", `${instant(body.opensAtMs)}, ${instant(body.retiresAtMs)}`],
      ["Linkage scheme", body.scheme],
      ["Broker's sealing key", keyWords(body.brokerSealingKey)],
      ["Generation", `${body.generation}${body.evaluators.length === 0 ? " (in use already)" : ""}`],
      ...(body.evaluators.length === 0
        ? []
        : [["New evaluator keys", body.evaluators.map(evaluatorWords).join("; ")] as const]),
      ["New sealing keys of", body.memberKeys.map((each) => named(each.member)).join(", ") || "nobody"],
      ...salts,
    ],
  };
}

function policy(body: Policy, named: (member: MemberId) => string): Explained {
  return {
    effect: "Sets the federation's policy. Members that are not named keep their allowance.",
    parameters: [
      ["Test records", `every ${body.canaryBeatMinutes} minutes, to meet within ${body.canaryWithinMinutes}`],
      ["Budget alarm", `at ${body.budgetAlarmPercent} % of a day's budget`],
      [
        "Allowances",
        body.allowances.map(({ member, perDay }) => `${named(member)}: ${perDay} a day`).join("; ") || "none",
      ],
      reasonRow(body),
    ],
  };
}

function boardRows({ board, quorum }: Pick<Found, "board" | "quorum">): (readonly [string, string])[] {
  return [
    ["Board", board.map(seatWords).join("; ")],
    ["Quorum", `${quorum} of ${board.length}`],
  ];
}

function seatWords({ name, signingKey, sealingKey }: Administrator): string {
  return `${name}, keys ${keyWords(signingKey)} and ${keyWords(sealingKey)}`;
}

function evaluatorWords({ name, address, signingKey, sharePublicKey }: Evaluator): string {
  return `${name} at ${address}, key ${keyWords(signingKey)}, share ${toHex(sharePublicKey)}`;
}

function keyWords(publicKey: Uint8Array): string {
  return toHex(keyId(publicKey));
}

function saltsRow(salts: readonly EpochSalt[]): readonly [string, string] {
  return [
    "Salts",
    salts.map(({ epoch, domain }) => `epoch ${epoch} ${domain}`).join(", ") ||
      "none now: no epoch is open, or the member is suspended",
  ];
}

function laggardsRow(laggards: readonly MemberId[], named: (member: MemberId) => string): readonly [string, string] {
  return ["Left behind", laggards.map(named).join(", ") || "nobody"];
}

function reasonRow({ reason }: { readonly reason: string }): readonly [string, string] {
  return ["Reason", reason];
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
