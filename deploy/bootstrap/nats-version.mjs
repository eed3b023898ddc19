/**
 * Before it a malformed JWT could crash a server in operator mode without a log-in, and the versions that distributions
 * still ship lack more fixes than that one.
 */
export const OLDEST_NATS_SERVER = "2.12.10";

/** `[major, minor, patch]` from what `nats-server --version` prints, or undefined. A pre-release is not a version. */
export function parseVersion(text) {
  const match = /\bv?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?/.exec(text);
  return match && !match[4] ? match.slice(1, 4).map(Number) : undefined;
}

export function isNewEnough(version) {
  if (!version) return false;
  const oldest = parseVersion(OLDEST_NATS_SERVER);
  const at = version.findIndex((part, i) => part !== oldest[i]);
  return at === -1 || version[at] > oldest[at];
}
