import { describe, expect, it } from "vitest";
import { Flood } from "../../broker/bus/flood.ts";
import { JUNK_BYTES_SHARE, JUNK_MESSAGES_MAX } from "../../broker/core/limits.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";

const [CT, WCU] = [toId<MemberId>("aa".repeat(16)), toId<MemberId>("bb".repeat(16))];
const STREAM_BYTES = 1_000_000;

function opened() {
  const told: [MemberId, number][] = [];
  const flood = new Flood({
    streams: { empty: async () => 7 },
    streamBytesMax: STREAM_BYTES,
    onFlood: (member, messages) => void told.push([member, messages]),
  });
  return { flood, told };
}

describe("what cannot be believed in a member's stream", () => {
  it("is passed over while it is little, then the stream is emptied, and counting begins anew", async () => {
    const { flood, told } = opened();
    for (let i = 0; i < JUNK_MESSAGES_MAX; i += 1) await flood.passedOver(CT, 1);
    expect(told).toEqual([]);
    await flood.passedOver(CT, 1);
    expect(told).toEqual([[CT, 7]]);
    await flood.passedOver(CT, 1);
    expect(told).toHaveLength(1);
  });

  it("is much by its bytes as well, and one member's does not count for another", async () => {
    const { flood, told } = opened();
    const half = (STREAM_BYTES * JUNK_BYTES_SHARE) / 2;
    await flood.passedOver(CT, half);
    await flood.passedOver(WCU, half);
    await flood.passedOver(CT, half);
    expect(told).toEqual([]);
    await flood.passedOver(CT, 1);
    expect(told).toEqual([[CT, 7]]);
  });
});
