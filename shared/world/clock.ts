/** Milliseconds since 1970-01-01 UTC. The core takes instants as arguments; the shell takes a `Clock`. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
