/** What a directive does, in plain words, with all its parameters. Whoever approves one reads this first. */
import { toHex } from "../../shared/core/bytes.ts";
import type {
  Administrator,
  Admission,
  Admit,
  BoardChange,
  DirectiveBody,
  EpochAbort,
  EpochActivate,
  EpochOpen,
  EpochRetire,
  EpochSalt,
  Evaluator,
  Found,
  NeverCorrelate,
  Policy,
  Reinstate,
  Remove,
  RotateKey,
  Suspend,
} from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { several, hex, named, time } from "../../shared/web/pieces.ts";
import type { Content } from "../../shared/web/html.ts";
import { DOMAIN_WORDS } from "./domain-words.ts";
import type { Names } from "./names.ts";
import { count, counted, listed } from "../../shared/web/words.ts";

export type Described = {
  /** Such as "Suspend Harbour Unit". */
  readonly title: string;
  /** What happens when it takes effect. */
  readonly effect: string;
  readonly parameters: readonly (readonly [string, Content])[];
};

/** Such as "Suspension"; for lists. */
export const TYPE_WORDS: Readonly<Record<DirectiveBody["type"], string>> = {
  found: "Founding",
  admit: "Admission",
  suspend: "Suspension",
  reinstate: "Reinstatement",
  remove: "Removal",
  rotateKey: "New key",
  boardChange: "Change of the board",
  epochOpen: "Opening of an epoch",
  epochActivate: "Activation of an epoch",
  epochAbort: "Abort of an epoch",
  epochRetire: "Retirement of an epoch",
  policy: "Policy",
  neverCorrelate: "Values that mean nobody",
};

export function describeDirective(body: DirectiveBody, names: Names): Described {
  switch (body.type) {
    case "found":
      return founding(body);
    case "admit":
      return admission(body);
    case "suspend":
      return suspension(body, names);
    case "reinstate":
      return reinstatement(body, names);
    case "remove":
      return removal(body, names);
    case "rotateKey":
      return newKey(body, names);
    case "boardChange":
      return boardChange(body);
    case "epochOpen":
      return opening(body, names);
    case "epochActivate":
      return activation(body, names);
    case "epochAbort":
      return abort(body);
    case "epochRetire":
      return retirement(body, names);
    case "policy":
      return policy(body, names);
    case "neverCorrelate":
      return neverCorrelate(body);
  }
}

function suspension(body: Suspend, names: Names): Described {
  return {
    title: `Suspend ${names.member(body.member)}`,
    effect:
      "Cuts the member's credentials, sessions, streams and connections at once, and hides its records. They are kept, and matched again if it is reinstated.",
    parameters: [memberRow(body.member, names), ["Reason", body.reason]],
  };
}

function reinstatement(body: Reinstate, names: Names): Described {
  return {
    title: `Reinstate ${names.member(body.member)}`,
    effect:
      "Gives the member the current salts and its rights back, and matches all its records again, so that nothing is missed that others published meanwhile.",
    parameters: [memberRow(body.member, names), ["Reason", body.reason], saltsRow(body.salts)],
  };
}

function removal(body: Remove, names: Names): Described {
  const keys = body.forCause ? ", with a new generation of evaluator keys" : "";
  return {
    title: `Remove ${names.member(body.member)}`,
    effect: `Ends the membership for good: purges its tokens, closes its open matches on the other side with a reason, and makes a rotation of the salts necessary${keys}.`,
    parameters: [
      memberRow(body.member, names),
      ["Reason", body.reason],
      ["For cause", body.forCause ? "Yes: evaluator keys must change too" : "No"],
    ],
  };
}

function activation(body: EpochActivate, names: Names): Described {
  return {
    title: `Activate epoch ${body.epoch}`,
    effect:
      body.laggards.length === 0
        ? "From now on this epoch counts. The one before is closing: new records go to both until it is retired."
        : "Forces the cut-over: this epoch counts from now on although the members below have not carried all their records over. New records go to both epochs until the one before is retired.",
    parameters: [["Epoch", count(body.epoch)], laggardsRow(body.laggards, names)],
  };
}

function abort(body: EpochAbort): Described {
  return {
    title: `Abort epoch ${body.epoch}`,
    effect: "Takes the opening back. The active epoch goes on as if nothing had been; the number is never used again.",
    parameters: [
      ["Epoch", count(body.epoch)],
      ["Opening directive", hex(toHex(body.openingHash))],
      ["Reason", body.reason],
    ],
  };
}

function retirement(body: EpochRetire, names: Names): Described {
  const leaked = body.cause === "leaked";
  return {
    title: leaked ? `Close epoch ${body.epoch}: its salt has leaked` : `Retire epoch ${body.epoch}`,
    effect: leaked
      ? "Closes the epoch at once, whether or not there is another. Its stream, index, snapshots, keys and salts are destroyed. Whatever is only in this epoch can no longer match."
      : "Purges stream, index and snapshots of the epoch, and destroys the broker's sealing key and the members' salts of it.",
    parameters: [
      ["Epoch", count(body.epoch)],
      ["Cause", leaked ? "A salt has leaked" : "A later epoch is active"],
      laggardsRow(body.laggards, names),
      ["Reason", body.reason],
    ],
  };
}

function founding(body: Found): Described {
  return {
    title: `Found ${body.name}`,
    effect: "Begins the federation. Every party believes this directive because it knows its fingerprint.",
    parameters: [
      ["Name", named(body.name)],
      ["Board", several(body.board.map(seatWords))],
      ["Quorum", quorumWords(body)],
      ["Broker", [named(body.broker.name), ` at ${body.broker.address}, key `, keyWords(body.broker.signingKey)]],
      ["Evaluators", several(body.evaluators.map(evaluatorWords))],
      ["Generation of evaluator keys", count(body.generation)],
      ["TLS roots", counted(body.tlsRoots.length, "certificate")],
      ["Key for freshness statements", keyWords(body.freshnessKey)],
    ],
  };
}

function admission(body: Admission): Described {
  return {
    title: `Admit ${body.name}`,
    effect: "Makes the unit a member on the terms below. Broker and evaluators enforce them.",
    parameters: [
      ["Member", [named(body.name), ` (${body.slug})`]],
      ...termsRows(body),
      ["Signing key", keyWords(body.signingKey)],
      ["Sealing key", hex(toHex(body.sealingKey))],
      saltsRow(body.salts),
      ["Member id", hex(body.member)],
    ],
  };
}

/** Terms of membership, as `admit` states them. */
export function termsRows(admit: Admit): (readonly [string, Content])[] {
  const { contact } = admit;
  const lines = [contact.office, contact.phone, contact.email, contact.hours].filter((line) => line !== "");
  return [
    ["Mandate", named(admit.mandate)],
    ["Legal basis", named(admit.legalBasis)],
    ["Purposes", several(admit.purposes.map(named))],
    ["Domains", several(admit.domains.map((domain) => DOMAIN_WORDS[domain]))],
    ["Longest retention", counted(admit.retentionDaysMax, "day")],
    ["Budget", `${count(admit.budget.initial)} at admission, then ${count(admit.budget.perDay)} in any 24 hours`],
    ["Liaison contact", several(lines.map(named))],
  ];
}

function newKey({ party, signingKey, reason }: RotateKey, names: Names): Described {
  const whose = keyHolder(party, names);
  const rest: (readonly [string, Content])[] =
    party.kind === "member" ? [["New sealing key", hex(toHex(party.sealingKey))], saltsRow(party.salts)] : [];
  return {
    title: `New key for ${whose}`,
    effect: "The key before is worth nothing from now on. Whatever was signed with it before keeps its worth.",
    parameters: [["Whose", whose], ["New signing key", keyWords(signingKey)], ...rest, ["Reason", reason]],
  };
}

function keyHolder(party: RotateKey["party"], names: Names): string {
  switch (party.kind) {
    case "member":
      return names.member(party.member);
    case "broker":
      return "the broker";
    case "evaluator":
      return `the evaluator ${party.name}`;
    case "freshness":
      return "freshness statements";
  }
}

function boardChange(body: BoardChange): Described {
  const shared = new Set(body.shares.map(({ epoch }) => epoch));
  return {
    title: "Change the board",
    effect:
      "Replaces the board by the seats below. Needs a quorum of the board as it is and a quorum of the board as it will be. Whoever loses a seat loses this console at once.",
    parameters: [
      ["New board", several(body.board.map(seatWords))],
      ["Quorum", quorumWords(body)],
      ["Salts shared anew", shared.size === 0 ? "None" : `Of ${listed([...shared].map((epoch) => `epoch ${epoch}`))}`],
      ["Reason", body.reason],
    ],
  };
}

function opening(body: EpochOpen, names: Names): Described {
  const contributors = new Set(
    body.salts.flatMap((salt) => salt.contributions.map((each) => toHex(each.administratorKeyId))),
  );
  const salt = ({ domain, commitment, boxes }: EpochOpen["salts"][number]): Content => [
    `${DOMAIN_WORDS[domain]}, sealed to ${counted(boxes.length, "member")}, commitment `,
    hex(toHex(commitment)),
  ];
  return {
    title: `Open epoch ${body.epoch}`,
    effect:
      "Members fetch new salts, salt their records again and publish them in this epoch beside the active one. Nothing changes for officers until it is activated. It can still be aborted.",
    parameters: [
      ["Epoch", count(body.epoch)],
      ["Opens", time(body.opensAtMs)],
      ["To be retired by", time(body.retiresAtMs)],
      ["Linkage scheme", body.scheme],
      [
        "Generation of evaluator keys",
        body.evaluators.length === 0 ? count(body.generation) : `${body.generation} (new)`,
      ],
      ...(body.evaluators.length === 0 ? [] : [["Evaluators", several(body.evaluators.map(evaluatorWords))] as const]),
      ["Salts", several(body.salts.map(salt))],
      ["Salts made by", listed([...contributors].map((id) => names.administrator(id)))],
      ["Members with a new sealing key", count(body.memberKeys.length)],
      ["Broker's sealing key", hex(toHex(body.brokerSealingKey))],
    ],
  };
}

function policy(body: Policy, names: Names): Described {
  const allowance = ({ member, perDay }: Policy["allowances"][number]): Content => [
    named(names.member(member)),
    `: ${count(perDay)} in any 24 hours`,
  ];
  return {
    title: "Change the policy",
    effect: "Replaces the policy before it as a whole.",
    parameters: [
      ["Test records exchanged", `Every ${counted(body.canaryBeatMinutes, "minute")}`],
      ["They must meet within", counted(body.canaryWithinMinutes, "minute")],
      ["Budget alarm", `When ${body.budgetAlarmPercent} % of a day's budget is spent`],
      ["Other daily allowances", body.allowances.length === 0 ? "None" : several(body.allowances.map(allowance))],
      ["Reason", body.reason],
    ],
  };
}

function neverCorrelate(body: NeverCorrelate): Described {
  return {
    title: `Ignore ${counted(body.tokens.length, "token")} in epoch ${body.epoch}`,
    effect: "Tokens of values that mean nobody, such as a switchboard's number, open no match in this epoch.",
    parameters: [
      ["Epoch", count(body.epoch)],
      ["Domain", DOMAIN_WORDS[body.domain]],
      ["Tokens", several(body.tokens.map((each) => hex(toHex(each))))],
      ["Reason", body.reason],
    ],
  };
}

function memberRow(member: MemberId, names: Names): readonly [string, Content] {
  return ["Member", names.memberLink(member)];
}

function laggardsRow(laggards: readonly MemberId[], names: Names): readonly [string, Content] {
  return [
    "Goes on without",
    laggards.length === 0 ? "Nobody: all members are there" : several(laggards.map((each) => names.memberLink(each))),
  ];
}

function saltsRow(salts: readonly EpochSalt[]): readonly [string, Content] {
  const epochs = [...new Set(salts.map(({ epoch }) => `epoch ${epoch}`))];
  return [
    "Current salts",
    epochs.length === 0
      ? "None now: no epoch is open, or the member is suspended"
      : `Sealed to the member, of ${listed(epochs)}`,
  ];
}

function seatWords(seat: Administrator): Content {
  return [named(seat.name), ", key ", keyWords(seat.signingKey)];
}

function evaluatorWords(evaluator: Evaluator): Content {
  return [named(evaluator.name), ` at ${evaluator.address}, key `, keyWords(evaluator.signingKey)];
}

function quorumWords({ board, quorum }: Pick<Found, "board" | "quorum">): string {
  return `${quorum} of ${board.length} administrators`;
}

/** Keys are told apart by their id, as in signatures. */
function keyWords(signingKey: Uint8Array): Content {
  return hex(toHex(keyId(signingKey)));
}
