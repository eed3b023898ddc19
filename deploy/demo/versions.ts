import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What `nats-server --version` says, such as "2.15.1". */
export async function natsVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["--version"]);
  return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? "unknown";
}
