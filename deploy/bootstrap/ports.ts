import { createServer } from "node:net";
import { CausewayError } from "../../shared/core/errors.ts";

/**
 * Rejects with `ENVIRONMENT`, naming the port and what it is wanted for, if `port` cannot be listened on. For programs
 * whose ports are fixed: it turns a stack trace from deep inside a server into one sentence. Another program may still
 * take the port between this check and its use.
 */
export async function assertPortFree(port: number, purpose: string, host = "127.0.0.1"): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host, exclusive: true }, resolve);
    });
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
    const reason = inUse ? "is in use by another program" : "cannot be listened on";
    throw new CausewayError("ENVIRONMENT", `port ${port}, wanted for ${purpose}, ${reason}`, {
      fields: [purpose],
      cause,
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
