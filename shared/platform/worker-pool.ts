/**
 * A pool of worker threads for work that would keep the event loop from answering. A lane (such as a member) is a queue of its own
 * and lanes take turns, so that one caller's long batch does not hold up another's short one.
 */
import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";

/** One worker works on the first while the second is already there: no pause between two tasks. */
const TASKS_PER_WORKER = 2;

export type WorkerPool<Task, Answer> = AsyncDisposable & {
  readonly workers: number;
  /**
   * Runs a task in some worker. Rejects with the `CausewayError` thrown there, INTERNAL for any other fault or where no
   * worker can start, UNAVAILABLE after disposal. Task and answer are copied; give small typed arrays, not views on large buffers.
   */
  run(task: Task, lane?: string): Promise<Answer>;
};

export type PoolOptions = {
  /** The worker's module, which calls `serveTasks`. */
  readonly module: URL;
  /** Given to every worker as `workerData`. */
  readonly data?: unknown;
  /** Default: one for each core. */
  readonly workers?: number;
};

type Failure = { readonly code: ErrorCode; readonly message: string; readonly fields: readonly string[] };
type Reply<Answer> = { readonly id: number } & ({ readonly answer: Answer } | { readonly failure: Failure });
type Job<Task, Answer> = {
  readonly id: number;
  readonly task: Task;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};
/** `proven`: a worker in this seat has answered before. */
type Seat<Task, Answer> = { worker: Worker; readonly jobs: Map<number, Job<Task, Answer>>; proven: boolean };

/** Starts the workers. */
export function startWorkerPool<Task, Answer>(options: PoolOptions): WorkerPool<Task, Answer> {
  const lanes = new Map<string, Job<Task, Answer>[]>();
  const seats: Seat<Task, Answer>[] = [];
  const count = options.workers ?? availableParallelism();
  let nextId = 0;
  let closed: CausewayError | undefined;

  const fill = (): void => {
    for (let seat = leastBusy(seats); seat.jobs.size < TASKS_PER_WORKER; seat = leastBusy(seats)) {
      const job = takeTurn(lanes);
      if (job === undefined) return;
      seat.jobs.set(job.id, job);
      post(seat.worker, { id: job.id, task: job.task });
    }
  };
  const hire = (seat: Seat<Task, Answer>): void => {
    seat.worker.on("message", (reply: Reply<Answer>) => {
      seat.proven = true;
      settle(seat, reply);
      fill();
    });
    // An error is followed by the exit.
    seat.worker.on("error", () => undefined);
    seat.worker.on("exit", () => {
      if (closed) return;
      // It takes its own tasks with it, not the pool; but where one cannot even start, the next will not either.
      if (!seat.proven) return close(new CausewayError("INTERNAL", "worker threads cannot start"));
      abandon(seat.jobs.values(), new CausewayError("INTERNAL", "a worker thread failed"));
      seat.jobs.clear();
      seat.worker = newWorker(options);
      hire(seat);
      fill();
    });
  };
  const close = (reason: CausewayError): void => {
    closed = reason;
    abandon([...lanes.values()].flat(), reason);
    lanes.clear();
    for (const seat of seats) abandon(seat.jobs.values(), reason);
  };
  for (let i = 0; i < count; i += 1) {
    const seat = { worker: newWorker(options), jobs: new Map<number, Job<Task, Answer>>(), proven: false };
    seats.push(seat);
    hire(seat);
  }

  return {
    workers: count,
    run: (task, lane = "") =>
      new Promise<Answer>((resolve, reject) => {
        if (closed !== undefined) throw closed;
        const queue = lanes.get(lane) ?? [];
        if (queue.length === 0) lanes.set(lane, queue);
        queue.push({ id: nextId++, task, resolve, reject });
        fill();
      }),
    async [Symbol.asyncDispose]() {
      close(new CausewayError("UNAVAILABLE", "worker pool is closed"));
      await Promise.all(seats.map((seat) => seat.worker.terminate()));
    },
  };
}

/** (worker) Answers tasks, one at a time. */
export function serveTasks<Task, Answer>(handle: (task: Task) => Answer): void {
  const port = parentPort;
  if (port === null) throw new CausewayError("INTERNAL", "this module runs in a worker thread only");
  port.on("message", ({ id, task }: { id: number; task: Task }) => {
    try {
      post(port, { id, answer: handle(task) });
    } catch (error) {
      post(port, { id, failure: failureOf(error) });
    }
  });
}

function post(port: Pick<MessagePort, "postMessage">, message: object): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  port.postMessage(message);
}

function newWorker(options: PoolOptions): Worker {
  // No flags of the parent: a test runner's loader has no place in a worker.
  return new Worker(options.module, { workerData: options.data, execArgv: [] });
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
  return { code: "INTERNAL", message: "a task failed in a worker thread", fields: [] };
}
