/**
 * A pool of worker processes for work that would keep the event loop from answering. A lane (such as a member) is a queue of its own
 * and lanes take turns, so that one caller's long batch does not hold up another's short one.
 *
 * Processes, not threads: to terminate a thread while it starts modules behind a top-level await, as ours start behind libsodium's,
 * is fatal in V8, and what is fatal in V8 ends all threads of a process. A process can be killed at any time, and one that fails
 * takes only its own tasks with it.
 *
 * What a worker gets, keys included, goes through a pipe that only it and its owner hold: nothing in arguments, environment or
 * files. It ends when that pipe does, so also when its owner is killed.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";

/** One worker works on the first while the second is already there: no pause between two tasks. */
const TASKS_PER_WORKER = 2;

export type WorkerPool<Task, Answer> = AsyncDisposable & {
  /** How many may work at once. Each is started when there is work for it. */
  readonly workers: number;
  /**
   * Runs a task in some worker. Rejects with the `CausewayError` thrown there, INTERNAL for any other fault or where the worker
   * dies or cannot start, UNAVAILABLE after disposal. Task and answer are copied: of a typed array its own bytes only.
   */
  run(task: Task, lane?: string): Promise<Answer>;
};

export type PoolOptions = {
  /** The worker's module, which calls `serveTasks`. */
  readonly module: URL;
  /** Given to every worker before its first task. May be secret. */
  readonly data?: unknown;
  /** Default: one for each core. */
  readonly workers?: number;
};

/** The first message to a worker; every other one is an order. */
type Start<Data> = { readonly data: Data };
type Order<Task> = { readonly id: number; readonly task: Task };
type Failure = { readonly code: ErrorCode; readonly message: string; readonly fields: readonly string[] };
type Reply<Answer> = { readonly id: number } & ({ readonly answer: Answer } | { readonly failure: Failure });
type Job<Task, Answer> = Order<Task> & {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};
type Seat<Task, Answer> = { worker: ChildProcess | undefined; readonly jobs: Map<number, Job<Task, Answer>> };

/** Starts no worker yet: each is started with its first task. */
export function startWorkerPool<Task, Answer>(options: PoolOptions): WorkerPool<Task, Answer> {
  const workers = options.workers ?? availableParallelism();
  const seats = Array.from({ length: workers }, (): Seat<Task, Answer> => ({ worker: undefined, jobs: new Map() }));
  const lanes = new Map<string, Job<Task, Answer>[]>();
  let nextId = 0;
  let closed: CausewayError | undefined;

  const fill = (): void => {
    for (let seat = leastBusy(seats); seat.jobs.size < TASKS_PER_WORKER; seat = leastBusy(seats)) {
      const job = takeTurn(lanes);
      if (job === undefined) return;
      assign(seat, job);
    }
  };
  const assign = (seat: Seat<Task, Answer>, job: Job<Task, Answer>): void => {
    try {
      seat.worker ??= hire(seat);
      post(seat.worker, { id: job.id, task: job.task } satisfies Order<Task>);
      seat.jobs.set(job.id, job);
    } catch (error) {
      job.reject(new CausewayError("INTERNAL", "a worker process cannot be given its task", { cause: error }));
    }
  };
  const hire = (seat: Seat<Task, Answer>): ChildProcess => {
    const worker = newWorker(options);
    worker.on("message", (reply: Reply<Answer>) => {
      settle(seat, reply);
      fill();
    });
    // An error is followed by the close, which comes after the last message.
    worker.on("error", () => undefined);
    worker.on("close", () => {
      seat.worker = undefined;
      abandon(seat.jobs.values(), closed ?? new CausewayError("INTERNAL", "a worker process failed"));
      seat.jobs.clear();
      fill();
    });
    return worker;
  };

  return {
    workers,
    run: (task, lane = "") =>
      new Promise<Answer>((resolve, reject) => {
        if (closed !== undefined) throw closed;
        const queue = lanes.get(lane) ?? [];
        if (queue.length === 0) lanes.set(lane, queue);
        queue.push({ id: nextId++, task, resolve, reject });
        fill();
      }),
    async [Symbol.asyncDispose]() {
      closed = new CausewayError("UNAVAILABLE", "worker pool is closed");
      abandon([...lanes.values()].flat(), closed);
      lanes.clear();
      await Promise.all(seats.map(({ worker }) => kill(worker)));
    },
  };
}

/** (worker) Answers tasks, one at a time. `data` is the pool's. */
export function serveTasks<Task, Answer, Data>(handle: (task: Task, data: Data) => Answer): void {
  if (process.send === undefined) throw new CausewayError("INTERNAL", "this module runs in a worker process only");
  // They go to the whole group at Ctrl-C, or to the whole service: the owner decides when its workers end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // oxlint-disable-next-line unicorn/no-process-exit -- whatever else its module has started: it may hold a key
  process.once("disconnect", () => process.exit());
  process.once("message", ({ data }: Start<Data>) => {
    process.on("message", ({ id, task }: Order<Task>) => {
      try {
        post(process, { id, answer: handle(task, data) });
      } catch (error) {
        post(process, { id, failure: failureOf(error) });
      }
    });
  });
}

/** A message to an end that has gone is lost: its `close` or `disconnect` tells. */
function post(end: Pick<NodeJS.Process, "connected" | "send">, message: object): void {
  if (end.connected) end.send?.(message, undefined, undefined, () => undefined);
}

/** Standard error is the owner's: should V8 itself fail, it says why. */
function newWorker({ module, data }: PoolOptions): ChildProcess {
  const worker = fork(module, {
    // No flags and no environment of the parent: a test runner's loader, or a secret, has no place in a worker.
    execArgv: [],
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  post(worker, { data } satisfies Start<unknown>);
  return worker;
}

/** Resolves when the process is gone. Nothing is lost: a worker keeps nothing. */
async function kill(worker: ChildProcess | undefined): Promise<void> {
  if (worker === undefined) return;
  await new Promise<void>((resolve) => {
    worker.once("close", () => resolve());
    worker.kill("SIGKILL");
  });
}

function leastBusy<Task, Answer>(seats: readonly Seat<Task, Answer>[]): Seat<Task, Answer> {
  return seats.reduce((best, seat) => (seat.jobs.size < best.jobs.size ? seat : best));
}

/** The first job of the lane whose turn it is; the lane then queues up behind the others. */
function takeTurn<J>(lanes: Map<string, J[]>): J | undefined {
  for (const [lane, queue] of lanes) {
    lanes.delete(lane);
    const job = queue.shift();
    if (queue.length > 0) lanes.set(lane, queue);
    if (job !== undefined) return job;
  }
  return undefined;
}

function settle<Task, Answer>(seat: Seat<Task, Answer>, reply: Reply<Answer>): void {
  const job = seat.jobs.get(reply.id);
  seat.jobs.delete(reply.id);
  if ("answer" in reply) job?.resolve(reply.answer);
  else job?.reject(new CausewayError(reply.failure.code, reply.failure.message, { fields: reply.failure.fields }));
}

function abandon<Task, Answer>(jobs: Iterable<Job<Task, Answer>>, error: CausewayError): void {
  for (const job of jobs) job.reject(error);
}

function failureOf(error: unknown): Failure {
  if (isCausewayError(error)) return { code: error.code, message: error.message, fields: error.fields };
  return { code: "INTERNAL", message: "a task failed in a worker process", fields: [] };
}
