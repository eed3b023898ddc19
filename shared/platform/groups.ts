/** The machine's groups of users. */
import { readFileSync } from "node:fs";

const GROUPS = "/etc/group";

/** The number of a group by its name in /etc/group, or by the number itself; undefined if there is none. Other directories are not asked. */
export function groupNumber(nameOrNumber: string): number | undefined {
  if (/^[0-9]{1,9}$/.test(nameOrNumber)) return Number(nameOrNumber);
  const line = groupsOfMachine()
    .split("\n")
    .find((each) => each.startsWith(`${nameOrNumber}:`));
  const [, , number] = line?.split(":") ?? [];
  return number === undefined || number === "" ? undefined : Number(number);
}

function groupsOfMachine(): string {
  try {
    return readFileSync(GROUPS, "utf8");
  } catch {
    return "";
  }
}
