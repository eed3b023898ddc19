// How set-up talks: one line per step on standard error, so that standard output belongs to the task.

/** Something about this machine that the user can mend: `message` says what, `hint` what to do. */
export class SetupError extends Error {
  constructor(message, hint = "") {
    super(message);
    this.name = "SetupError";
    this.hint = hint;
  }
}

/** Runs `work`, and says what is being done and how long it took. */
export async function step(title, work) {
  const started = performance.now();
  process.stderr.write(`causeway: ${title} … `);
  try {
    const result = await work();
    process.stderr.write(`${seconds(started)}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`failed after ${seconds(started)}\n`);
    throw error;
  }
}

export function say(line) {
  process.stderr.write(`causeway: ${line}\n`);
}

export function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

/** A file system refusal as something a user can act on; anything else comes back unchanged. */
export function explainFileError(error, folder) {
  switch (error?.code) {
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return new SetupError(
        `cannot write in ${folder} (${error.code})`,
        "Set-up puts node_modules/ and .causeway/ there. Clone to a folder that you may write to.",
      );
    case "ENOSPC":
      return new SetupError("the disk is full", "Set-up needs about 700 MB for dependencies, Node and nats-server.");
    default:
      return error;
  }
}
