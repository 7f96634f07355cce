/** The newest documents that have some properties, with no words to rank them by. */
import type { PostingList } from "./list.ts";

const WINDOW = 2048;

/** Documents that are in all lists, the newest first, of lower number than `below`. */
export function newestOf(lists: readonly PostingList[], count: number, below: number): number[] {
  const marks = new Uint8Array(WINDOW), newest: number[] = [];
  for (let end = below; end > 0 && newest.length < count; end -= WINDOW) {
    const from = Math.max(0, end - WINDOW);
    for (const list of lists) {
      list.rewind();
      list.seek(from);
      list.mark(marks, from, end);
    }
    for (let place = end - from - 1; place >= 0 && newest.length < count; place--) {
      if (marks[place] === lists.length) newest.push(from + place);
    }
    marks.fill(0);
  }
  return newest;
}
