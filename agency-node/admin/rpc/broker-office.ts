/** The board's office at the broker: its gRPC services, as `BoardOffice`. Wire types end here; contents are proven by the caller. */
import { toHex } from "../../../shared/core/bytes.ts";
import type { Federation, SignedDirective } from "../../../shared/core/directive.ts";
import type { ProposalState } from "../../../shared/core/board.ts";
import { isCausewayError } from "../../../shared/core/errors.ts";
import { toId } from "../../../shared/core/ids.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import { readSigningKeys } from "../../../shared/party/keys.ts";
import { readTls } from "../../../shared/party/tls.ts";
import { check } from "../../../shared/wire/checks.ts";
import {
  encodeSignedDirective,
  readMemberKey,
  readSignedDirective,
  readSignedFreshness,
} from "../../../shared/wire/directive.ts";
import { signedBytes } from "../../../shared/wire/envelope.ts";
import { PROPOSAL_STATE } from "../../../shared/wire/enumerations.ts";
import * as board from "../../../shared/wire/gen/causeway/v1/board.ts";
import { DirectoryServiceDefinition } from "../../../shared/wire/gen/causeway/v1/directory.ts";
import { SignedDirective as WireDirective } from "../../../shared/wire/gen/causeway/v1/federation.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import type { World } from "../../../shared/world/world.ts";
import type { BoardOffice, HealthEntry } from "../office.ts";

/** `dir`: the administrator's, with its keys and certificate. Throws ENVIRONMENT if they are missing. */
export function officeAtBroker({
  dir,
  federation,
  world,
}: {
  readonly dir: string;
  readonly federation: Federation;
  readonly world: Pick<World, "clock" | "randomBytes">;
}): BoardOffice {
  const signer = readSigningKeys(dir);
  const to = {
    address: federation.found.broker.address,
    tls: readTls(dir),
    expected: { kind: "broker" } as const,
    caller: { federation: federation.id, signer: () => signer, world },
  };
  const boardAt = grpcClient(board.BoardServiceDefinition, to);
  const directoryAt = grpcClient(DirectoryServiceDefinition, to);
  const { client } = boardAt;
  return {
    ...directoryOf(directoryAt.client),
    ...proposalsOf(client),
    putPaper: async (signed) => void (await client.putPaper({ paper: Signed.decode(signed) })),
    papers: async (topic = "") => (await client.listPapers({ topic })).papers.map(bytesOf),
    prepareEpoch: async (of) => {
      const { brokerSealingKey, memberKeys, evaluatorOffers } = await client.prepareEpoch(of);
      const keys = memberKeys.map(readMemberKey);
      return { brokerSealingKey, memberKeys: keys, evaluatorOffers: evaluatorOffers.map(bytesOf) };
    },
    health: async () => (await client.listHealth({})).members.map(toHealthEntry),
    invite: async (signed) => void (await client.invite({ invitation: Signed.decode(signed) })),
    arrivals: async () => toArrivals(await client.listEnrolments({})),
    signInCode: async (auditor = "") => {
      const { code, validUntilMs, consoleUrl } = await client.issueSignInCode({ auditor });
      return { code, validUntilMs: Number(validUntilMs), consoleUrl };
    },
    [Symbol.dispose]() {
      boardAt[Symbol.dispose]();
      directoryAt[Symbol.dispose]();
    },
  };
}

type ClientOf<Definition extends Parameters<typeof grpcClient>[0]> = ReturnType<
  typeof grpcClient<Definition>
>["client"];

function directoryOf(
  client: ClientOf<typeof DirectoryServiceDefinition>,
): Pick<BoardOffice, "directives" | "freshness"> {
  return {
    directives: async (fromNumber) => {
      const directives: SignedDirective[] = [];
      for await (const { directive } of client.listDirectives({ fromNumber: BigInt(fromNumber) })) {
        directives.push(readSignedDirective(directive));
      }
      return directives;
    },
    freshness: async () => {
      try {
        const { freshness } = await client.getFreshness({});
        return freshness === undefined ? undefined : readSignedFreshness(freshness);
      } catch (error) {
        if (isCausewayError(error, "NOT_FOUND")) return undefined;
        throw error;
      }
    },
  };
}

function proposalsOf(
  client: ClientOf<typeof board.BoardServiceDefinition>,
): Pick<BoardOffice, "proposals" | "propose" | "approve"> {
  return {
    proposals: async () => {
      const { proposals } = await client.listProposals({});
      return proposals.map(({ directive, state, proposedAtMs, acceptedAs }) => ({
        signed: readSignedDirective(directive),
        state: toState(state),
        proposedAtMs: Number(proposedAtMs),
        acceptedAs: Number(acceptedAs),
      }));
    },
    propose: async (signed) => {
      const { state } = await client.propose({ directive: WireDirective.decode(encodeSignedDirective(signed)) });
      return toState(state);
    },
    approve: async (digest, signature) => {
      const { state, signatures, quorum } = await client.approve({ digest, signature });
      return { state: toState(state), signatures, quorum };
    },
  };
}

const bytesOf = (signed: Signed): Uint8Array => signedBytes(signed);

/** A state that this version does not know could mean anything. Throws INVALID. */
function toState(state: board.ProposalState): ProposalState {
  return check(PROPOSAL_STATE.word, state, "state of a proposal");
}

function toHealthEntry(health: board.MemberHealth): HealthEntry {
  const { member, statement, receivedAtMs, lastAppliedMs, held, streamsRefused } = health;
  return {
    member: toId<MemberId>(toHex(member)),
    statement: statement === undefined ? undefined : bytesOf(statement),
    receivedAtMs: Number(receivedAtMs),
    lastAppliedMs: Number(lastAppliedMs),
    held: held.map(({ epoch, records, tokens }) => ({ epoch, records: Number(records), tokens: Number(tokens) })),
    streamsRefused,
  };
}

function toArrivals({ invitations, enrolments }: board.ListEnrolmentsResponse) {
  return {
    invitations: invitations.map(({ note, validUntilMs }) => ({ note, validUntilMs: Number(validUntilMs) })),
    enrolments: enrolments.map(({ enrolment, note, receivedAtMs }) => ({
      text: new TextDecoder().decode(enrolment),
      note,
      receivedAtMs: Number(receivedAtMs),
    })),
  };
}
