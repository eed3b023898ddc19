/** One transaction for the work of all who come in the same turn: what many ask for at once costs one fsync. */
import type { Database } from "../../shared/store/database.ts";
import type { Timers } from "../../shared/world/world.ts";

export class SharedCommit {
  readonly #db: Database;
  readonly #world: Pick<Timers, "nextTurn">;
  #waiting: { readonly inOne: () => void; readonly alone: () => void }[] = [];

  constructor(db: Database, world: Pick<Timers, "nextTurn">) {
    this.#db = db;
    this.#world = world;
  }

  /**
   * What `work` returned, once it is on disk. If work of another caller fails it is done once more, in a transaction of its own: it must change
   * nothing but the database. Throws what it throws.
   */
  async run<T>(work: () => T extends Promise<unknown> ? never : T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const inOne = (): void => {
      const result = work();
      this.#db.afterCommit(() => resolve(result));
    };
    const alone = (): void => {
      try {
        this.#db.transaction(inOne);
      } catch (error) {
        reject(error);
      }
    };
    this.#waiting.push({ inOne, alone });
    if (this.#waiting.length === 1) void this.#world.nextTurn().then(() => this.#commit());
    return await promise;
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      this.#db.transaction(() => waiting.forEach(({ inOne }) => inOne()));
    } catch {
      for (const { alone } of waiting) alone();
    }
  }
}
