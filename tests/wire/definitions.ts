/** The services between parties, as their files define them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const GENERATED = join(import.meta.dirname, "../../shared/wire/gen");

export type Definition = { readonly fullName: string; readonly methods: object };

/** All that the `.proto` files of parties define. */
export async function definitions(): Promise<Definition[]> {
  const files = readdirSync(GENERATED, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const modules = await Promise.all(files.map(async (name) => Object.values(await import(join(GENERATED, name)))));
  return modules.flat().filter((value): value is Definition => (value as Partial<Definition>)?.methods !== undefined);
}
