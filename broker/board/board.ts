/**
 * The board's desk at the broker: where administrators, the registrar, members and evaluators leave what is for each other. It keeps and
 * passes on. Whatever matters is signed by whoever says it, verified here so that nonsense goes no further, and verified again by whoever
 * acts on it: a broker in wrong hands can withhold, and invent nothing.
 */
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { World } from "../../shared/world/world.ts";
import type { SecondCopy } from "../../shared/store/second-copy.ts";
import { CredentialsDesk } from "./credentials-desk.ts";
import type { BoardParts } from "./parts.ts";
import { Preparations } from "./preparations.ts";
import { Proposals } from "./proposals.ts";
import { boardService } from "./rpc/board-service.ts";
import { membershipService } from "./rpc/membership-service.ts";
import { registrarService } from "./rpc/registrar-service.ts";
import { BoardStore } from "./store/board-store.ts";
import type { EnrolmentTable } from "./store/enrolment-table.ts";

export type Board = Disposable & {
  readonly services: readonly GrpcService[];
  /** For the web console. */
  readonly proposals: Pick<Proposals, "list">;
  /** For the console, and for whoever reaches the desk without gRPC. */
  readonly preparations: Preparations;
  readonly enrolments: EnrolmentTable;
  /** As long as this stands still, nothing on the desk is new. */
  readonly changeCount: number;
  readonly credentials: CredentialsDesk;
};

export type BoardOptions = Omit<BoardParts, "store" | "clock" | "log"> & {
  readonly databasePath: string;
  readonly secondCopy?: SecondCopy;
  readonly world: Pick<World, "after" | "clock" | "log">;
};

/**
 * Opens the desk's file and adds to the chain what was signed by a quorum before a crash and had not got there. Throws ENVIRONMENT, see
 * `Database`.
 */
export function createBoard(of: BoardOptions): Board {
  using opened = new DisposableStack();
  const store = opened.use(new BoardStore(of.databasePath, of.directory.federation.id, of.secondCopy));
  const { clock, log } = of.world;
  const parts: BoardParts = { ...of, store, clock, log };
  const proposals = new Proposals(parts);
  const preparations = new Preparations(parts);
  const credentials = new CredentialsDesk(store.credentials, of.world);
  proposals.settleAll();
  const desk = { ...parts, proposals, preparations, credentials };
  const services = [boardService(desk), registrarService(desk), membershipService(desk)];
  const { enrolments } = store;
  opened.move();
  return {
    services,
    proposals,
    preparations,
    enrolments,
    credentials,
    get changeCount() {
      return store.changeCount;
    },
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}
