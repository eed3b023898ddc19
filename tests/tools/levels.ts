/** What vitest is told when only the levels are wanted that start no program. */
export const FAST_LEVELS: readonly string[] = ["--project", "unit", "--project", "contract"];
