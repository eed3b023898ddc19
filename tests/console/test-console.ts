/** The console over an invented broker, with a clock that tests set. */
import { startConsole } from "../../broker/console/console.ts";
import type { Console } from "../../broker/console/console.ts";
import { seatId } from "../../broker/console/seats.ts";
import type { ConsoleUser } from "../../broker/console/seats.ts";
import { TestSite } from "../web/test-site.ts";
import type { Visitor } from "../web/visitor.ts";
import { InventedBroker } from "./invented-broker.ts";
import { BOARD, seatOf } from "./invented-federation.ts";

export const ADMINISTRATOR: ConsoleUser = { role: "administrator", keyId: seatId(seatOf(BOARD[0])) };
export const SECOND_ADMINISTRATOR: ConsoleUser = { role: "administrator", keyId: seatId(seatOf(BOARD[1])) };
export const AUDITOR: ConsoleUser = { role: "auditor", name: "Auditor Y" };

export class TestConsole extends TestSite<Console> {
  readonly broker: InventedBroker;

  private constructor(broker: InventedBroker) {
    super(
      (options) => startConsole({ ...options, data: broker }),
      () => broker.nowMs,
    );
    this.broker = broker;
  }

  static async start(broker = new InventedBroker()): Promise<TestConsole> {
    const started = new TestConsole(broker);
    await started.restart();
    return started;
  }

  get console(): Console {
    return this.running;
  }

  /** A browser whose user has signed in with a one-time code. */
  async signedIn(user: ConsoleUser): Promise<Visitor> {
    return await this.signedInWith(this.console.issueCode(user).code);
  }
}
