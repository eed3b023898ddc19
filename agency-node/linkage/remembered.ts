/** Words and countries come up again and again, so what they were read as is remembered; bounded, and only a speed-up. */
const MOST = 50_000;

/** `read` with its results remembered; all are forgotten when there are too many. */
export function remembered<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined || known.has(text)) return before as T;
    if (known.size >= MOST) known.clear();
    const result = read(text);
    known.set(text, result);
    return result;
  };
}
