/** What parties, administrators and the board's programs find at the broker: its services, the board's desk, what the console shows. */
import type { GrpcService } from "../shared/platform/grpc.ts";
import { GrpcSessions } from "../shared/platform/grpc-sessions.ts";
import { isInGoodStanding } from "../shared/platform/standing.ts";
import { VERSION } from "../shared/platform/version.ts";
import { createBoard } from "./board/board.ts";
import type { Board } from "./board/board.ts";
import { keyMakerOf } from "./board/own-keys.ts";
import { SignInDesk } from "./board/sign-in-desk.ts";
import { BrokerData } from "./console-data/broker-data.ts";
import type { DataPlane } from "./data-plane.ts";
import type { Evaluator } from "./evaluator/evaluator.ts";
import type { Ground } from "./ground.ts";
import { hostedName, hostEvaluator } from "./hosted.ts";
import type { JournalStatus } from "./journal/journal.ts";
import { Oversight } from "./oversight.ts";
import { directoryService } from "./rpc/directory-service.ts";

export type BrokerStatus = {
  readonly members: number;
  readonly records: number;
  /** Padding included. */
  readonly tokens: number;
  readonly matchesOpened: number;
  readonly matchesOpen: number;
  readonly natsConnected: boolean;
  /** The second copy of the databases. */
  readonly journal: JournalStatus;
};

export type Desk = {
  /** For parties of the federation. */
  readonly services: readonly GrpcService[];
  /** Who is on the line, and may be. */
  readonly callers: GrpcSessions;
  readonly board: Board;
  /** What the broker can say about its members and itself. */
  readonly oversight: Oversight;
  readonly status: () => BrokerStatus;
  readonly consoleData: BrokerData;
  readonly signIn: SignInDesk;
  /** The evaluator that the directives list under the broker's own key, if they list one. */
  readonly evaluator: Evaluator | undefined;
};

/** Throws ENVIRONMENT if a database is in use or of another federation, or the evaluator's keys are not those that the directives list. */
export function assembleDesk(ground: Ground, { streams, streamWatch, publications, watch }: DataPlane): Desk {
  const { world, directory, federation, ledger, keys, databases, startEngine, journal } = ground;
  const { clock, log } = world;
  const callers = new GrpcSessions((peer) => isInGoodStanding(peer, federation()), world);
  const oversight = new Oversight({
    ledger,
    federation,
    heldOf: (member) => publications.heldOf(member),
    streamsRefused: () => streams.refused,
    streamRoomOf: (member) => streamWatch.roomOf(member),
    clock,
  });
  const signIn = new SignInDesk();
  const hosted = hostedName(federation(), keys);
  using opened = new DisposableStack();
  const board = opened.use(
    createBoard({
      directory,
      databasePath: databases("board"),
      secondCopy: journal.copyOf("board"),
      keys: keyMakerOf(keys, { hosted, federation: federation().id }),
      oversight,
      issueSignInCode: (user) => signIn.issue(user),
      world,
    }),
  );
  const databasePath = databases("evaluator");
  const evaluator =
    hosted === undefined
      ? undefined
      : hostEvaluator({
          name: hosted,
          federation,
          keys,
          databasePath,
          secondCopy: journal.copyOf("evaluator"),
          startEngine,
          watch,
          world,
        });
  opened.move();
  const status = (): BrokerStatus => statusOf(ground, publications);
  const consoleData = new BrokerData({
    directory,
    board,
    oversight,
    ledger,
    status: () => ({ version: VERSION, ...status() }),
    hosted: evaluator && hosted ? { name: hosted, balanceOf: (member) => evaluator.balanceOf(member) } : undefined,
    clock,
    log,
  });
  const own = evaluator === undefined ? [] : [evaluator.service];
  const services = [directoryService({ directory }), ...own, ...board.services];
  return { services, callers, board, oversight, status, consoleData, signIn, evaluator };
}

function statusOf({ federation, ledger, bus, journal }: Ground, publications: DataPlane["publications"]): BrokerStatus {
  const { opened, open } = ledger.matchCounts();
  return {
    members: federation().members.size,
    records: publications.recordCount,
    tokens: publications.tokenCount,
    matchesOpened: opened,
    matchesOpen: open,
    natsConnected: bus.connected,
    journal: journal.status,
  };
}
