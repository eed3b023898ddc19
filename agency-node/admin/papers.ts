/** What administrators have left for each other at the broker, read and proven: the broker may lose papers and cannot write any. */
import { toHex } from "../../shared/core/bytes.ts";
import type { BoardPaper } from "../../shared/core/board.ts";
import type { Administrator } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { openPaper } from "../../shared/wire/board.ts";
import type { Seat } from "./seat.ts";

export type ReadPaper = BoardPaper & {
  readonly author: Administrator;
  /** Names the paper: 8 hexadecimal digits of the hash of its bytes. */
  readonly id: string;
};

/** Papers by today's board, in the order of their writing; of one topic, or all. Those of former administrators are left out. */
export async function papersOf(seat: Seat, topic?: string): Promise<ReadPaper[]> {
  const papers = (await seat.office.papers(topic)).flatMap((bytes) => read(seat, bytes));
  return papers
    .filter((paper) => topic === undefined || paper.topic === topic)
    .sort((a, b) => a.writtenAtMs - b.writtenAtMs);
}

function read({ federation }: Seat, bytes: Uint8Array): ReadPaper[] {
  const authorOf = (id: string): Administrator | undefined =>
    federation.found.board.find(({ signingKey }) => toHex(keyId(signingKey)) === id);
  try {
    const { value, keyId: signer } = openPaper(bytes, federation.id, (id) => authorOf(id)?.signingKey);
    return [{ ...value, author: authorOf(signer) as Administrator, id: toHex(blake2b(32, bytes)).slice(0, 8) }];
  } catch (error) {
    if (isCausewayError(error)) return [];
    throw error;
  }
}
