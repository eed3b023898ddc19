/** Two copies of a database, on the disk and in the stream: which of them is to be believed, and what the other lacks. */
import { sameHead } from "./record.ts";
import type { Head } from "./record.ts";
import { headAt, headOf } from "./stream-copy.ts";
import type { DatabaseCopy } from "./stream-copy.ts";

/**
 * The heads that the file remembers, oldest first, without a gap: the first is one that the stream has had, the others are changes that it
 * may lack. A file that was made anew has one, of position 0 and a hash that no other has.
 */
export type FileHeads = readonly [Head, ...Head[]];

export type Decision =
  /** Both are the same. */
  | { readonly kind: "agree" }
  /** The stream lacks the file's changes after this position. */
  | { readonly kind: "append"; readonly after: number }
  /** The file lacks the stream's changes after this position. */
  | { readonly kind: "apply"; readonly after: number }
  /** The file is another one, or older than what the stream tells of: it is made anew from the stream. */
  | { readonly kind: "rebuild" }
  /** The stream has lost what it had, or was never there: it gets the file. */
  | { readonly kind: "newBase" };

/** `stream`: undefined if it holds nothing of the database, "broken" if it cannot be read to its end. */
export function decide(file: FileHeads, stream: DatabaseCopy | "broken" | undefined): Decision {
  if (stream === undefined || stream === "broken") return { kind: "newBase" };
  const [oldest, newest] = [file[0], file.at(-1) as Head];
  const head = headOf(stream);
  if (head.position > newest.position) {
    const same = headAt(stream, newest.position);
    const continues = same !== undefined && sameHead(same, newest);
    return continues ? { kind: "apply", after: newest.position } : { kind: "rebuild" };
  }
  // The file was told that the stream has more than this: the stream was rolled back. The stream never has more than the file on one
  // branch and less on another, since only one broker can append.
  if (head.position < oldest.position) return { kind: "newBase" };
  const own = file[head.position - oldest.position] as Head;
  if (!sameHead(own, head)) return { kind: "rebuild" };
  return head.position === newest.position ? { kind: "agree" } : { kind: "append", after: head.position };
}
