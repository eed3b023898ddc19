/** How the node's connection to the data plane stands, for all who ask. */
import type { Bus } from "../../shared/bus/bus.ts";

export class Line {
  /** While there is a connection, perhaps one that is lost just now. */
  bus: Bus | undefined;
  /** Whether the server refuses this member's credentials. */
  isRefused = false;
  /** The broker has told of more than has come. */
  noticesMissing = false;

  /** See `clockSkew`, by the last receipt. */
  clockSkewMs = 0;

  /** Whether the broker hears us. */
  get connected(): boolean {
    return this.bus?.connected ?? false;
  }
}
