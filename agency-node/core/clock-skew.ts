/**
 * The least by which this node's clock is ahead of the broker's (below 0: behind), by the receipt of one submission; 0 as long as nothing
 * contradicts that they agree. It was applied after it was written and before its receipt came, however long each took.
 */
export function clockSkew(of: {
  /** By this node's clock. */
  readonly writtenMs: number;
  readonly nowMs: number;
  /** By the broker's. */
  readonly appliedAtMs: number;
}): number {
  const { writtenMs, nowMs, appliedAtMs } = of;
  if (appliedAtMs > nowMs) return nowMs - appliedAtMs;
  return Math.max(0, writtenMs - appliedAtMs);
}
