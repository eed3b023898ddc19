/**
 * The NATS client's way to a server, mended in what it does when a server says nothing: the client (2.29) leaves an attempt that it has given
 * up open, and one that is answered late then takes the place of the connection that was made since. The two are read as one stream, so
 * that messages come in pieces of both, and nothing more is heard until the client finds, after a minute, that nobody answers.
 */
import type { ConnectionOptions, NatsConnection } from "nats";
import { NatsConnectionImpl, setTransportFactory } from "nats/lib/src/nats-base-client.js";
import { nodeResolveHost, NodeTransport } from "nats/lib/src/node_transport.js";

class EndingTransport extends NodeTransport {
  /** As the client's; an attempt that is not through yet ends as well, and its end is nobody's news. */
  override async close(error?: Error): Promise<void> {
    if (this.connected) return await super.close(error);
    this.done = true;
    this.socket?.destroy();
  }

  /** As the client's, which first waits until the server has taken what was said to it. */
  override disconnect(): void {
    super.disconnect();
    this.socket?.destroy();
  }
}

/** As the client's own `connect`. */
export async function connect(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new EndingTransport(), dnsResolveFn: nodeResolveHost });
  return await NatsConnectionImpl.connect(options);
}
