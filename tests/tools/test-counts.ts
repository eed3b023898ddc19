/** The part of vitest's JSON result that is counted. */
export type TestResults = {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
};

export type TestCounts = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Tests that were really executed. */
  readonly ran: number;
};

/** Counts tests. A file that failed without a failed test (it did not load, or its set-up threw) is one failure. */
export function countTests(results: TestResults): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of results.testResults) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const failed = statuses.filter((status) => status === "failed").length;
    const passed = statuses.filter((status) => status === "passed").length;
    counts.passed += passed;
    counts.failed += failed === 0 && file.status === "failed" ? 1 : failed;
    counts.skipped += statuses.length - passed - failed;
  }
  return { ...counts, ran: counts.passed + counts.failed };
}

/** `12 passed, 0 failed`, and `, 3 skipped` if any were. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
