import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { STRANGERS_MAX, STRANGERS_PER_ADDRESS_MAX } from "../../shared/core/limits.ts";
import { Doorway } from "../../shared/platform/doorway.ts";

class Caller extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  destroyed = false;

  constructor(address: string, port: number) {
    super();
    this.remoteAddress = address;
    this.remotePort = port;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

const enter = (doorway: Doorway, address: string, port: number): Caller => {
  const caller = new Caller(address, port);
  doorway.admit(caller as unknown as Socket);
  return caller;
};

const oldest = () => 0;

describe("a doorway", () => {
  it("lets newcomers in for ever, and holds so many strangers of one address and no more", () => {
    const doorway = new Doorway(oldest);
    const callers = Array.from({ length: 3 * STRANGERS_PER_ADDRESS_MAX }, (_, i) => enter(doorway, "192.0.2.1", i));
    expect(doorway.strangers).toBe(STRANGERS_PER_ADDRESS_MAX);
    expect(callers.at(-1)?.destroyed).toBe(false);
    expect(callers.filter(({ destroyed }) => destroyed)).toHaveLength(2 * STRANGERS_PER_ADDRESS_MAX);
  });

  it("lets the address that holds most pay when there are too many in all", () => {
    const doorway = new Doorway(oldest);
    const party = enter(doorway, "192.0.2.200", 1);
    const addresses = STRANGERS_MAX / STRANGERS_PER_ADDRESS_MAX + 1;
    for (let a = 0; a < addresses; a += 1)
      for (let i = 0; i < STRANGERS_PER_ADDRESS_MAX; i += 1) enter(doorway, `192.0.2.${a}`, i);
    expect(doorway.strangers).toBe(STRANGERS_MAX);
    expect(party.destroyed).toBe(false);
  });

  it("never turns out who has shown who calls, and forgets who has gone", () => {
    const doorway = new Doorway(oldest);
    const party = enter(doorway, "192.0.2.1", 1);
    doorway.prove(party);
    const gone = enter(doorway, "192.0.2.1", 2);
    gone.emit("close");
    expect(doorway.strangers).toBe(0);
    for (let i = 3; i < 3 * STRANGERS_PER_ADDRESS_MAX; i += 1) enter(doorway, "192.0.2.1", i);
    expect(party.destroyed).toBe(false);
    // Proven twice, or unknown here: nothing changes.
    doorway.prove(party);
    doorway.prove({ remoteAddress: undefined, remotePort: 5 });
    expect(doorway.strangers).toBe(STRANGERS_PER_ADDRESS_MAX);
  });
});
