/**
 * `causeway` as a name that this machine's owner has put on the PATH: a link to the launcher of one checkout. `npx causeway` reaches the same
 * launcher inside a checkout only; elsewhere npx asks the registry for a package of that name, which is a stranger's.
 */
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a user's own commands go, if he says nothing else. */
export function userBin(environment: Environment): string {
  const { XDG_BIN_HOME: bin = "" } = environment;
  return bin === "" ? join(homedir(), ".local", "bin") : bin;
}

/** Puts the link into `bin`; what it says. Throws CONFLICT if something else is there. */
export function installLink(launcher: string, bin: string, environment: Environment): string[] {
  const link = join(bin, "causeway");
  const target = linkedTo(link);
  if (target !== undefined) rmSync(link);
  mkdirSync(bin, { recursive: true });
  symlinkSync(launcher, link);
  const replaced = target === undefined || target === launcher ? "" : `, instead of ${target}`;
  return [`${link} starts ${launcher}${replaced}`, ...whatIsMissing(bin, environment)];
}

/** Takes it away; what it says. Throws CONFLICT if something else is there. */
export function uninstallLink(bin: string): string[] {
  const link = join(bin, "causeway");
  if (linkedTo(link) === undefined) return [`${link} is not there`];
  rmSync(link);
  return [`${link} is gone`];
}

/** Where a link to some checkout's launcher leads; undefined if nothing is there. */
function linkedTo(link: string): string | undefined {
  const entry = lstatSync(link, { throwIfNoEntry: false });
  if (entry === undefined) return undefined;
  const target = entry.isSymbolicLink() ? readlinkSync(link) : "";
  if (target.endsWith("/deploy/causeway")) return target;
  throw new CausewayError("CONFLICT", `${link} is something else, and stays; --bin names another folder`);
}

function whatIsMissing(bin: string, { PATH = "" }: Environment): string[] {
  if (PATH.split(delimiter).includes(bin)) return [];
  return [
    `That folder is not on your PATH. Add to your shell's profile, and open a new terminal:`,
    `  export PATH="${bin}:$PATH"`,
  ];
}
