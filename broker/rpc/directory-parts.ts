import type { Directory } from "../store/directory.ts";

/** What the calls of `DirectoryService` read. */
export type DirectoryParts = { readonly directory: Pick<Directory, "chain" | "readFreshness" | "listen"> };
