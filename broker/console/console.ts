/**
 * The administrators' web console, as one part of the broker's process. It shows what the broker knows, and holds no key of the
 * federation: whoever takes it over learns what administrators read, can show them something false and acknowledge alarms, and
 * can decide nothing. That is why every page names the command that does what it describes, and the command shows it again.
 */
import { startSite } from "../../shared/web/running-site.ts";
import type { RunningSite, SiteOptions } from "../../shared/web/running-site.ts";
import type { IssuedCode } from "../../shared/web/session/codes.ts";
import type { ConsoleData } from "./console-data.ts";
import { identityOf } from "./seats.ts";
import type { ConsoleUser } from "./seats.ts";
import { consoleSite } from "./site.ts";

export type ConsoleOptions = Omit<SiteOptions, "site" | "federation"> & { readonly data: ConsoleData };

export type Console = Omit<RunningSite, "issueCode"> & {
  /**
   * A one-time code for a seat of the board or an auditor; the one before it ends. Throws FORBIDDEN for a key that has no seat,
   * INVALID for an auditor's name of a bad form. The caller makes sure that the asker is that administrator, or one at all.
   */
  issueCode(user: ConsoleUser): IssuedCode & { readonly consoleUrl: string };
};

/** Throws ENVIRONMENT if it cannot listen, or a file cannot be read or is in use. */
export async function startConsole({ data, ...options }: ConsoleOptions): Promise<Console> {
  const federation = data.chain().federation.id;
  const running = await startSite({ ...options, site: consoleSite(data, options.world.log), federation });
  return {
    ...running,
    issueCode: (user) => ({
      ...running.issueCode(identityOf(user, data.chain().federation)),
      consoleUrl: running.origin,
    }),
  };
}
