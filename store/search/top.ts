/**
 * The best documents of some posting lists. The documents' numbers are walked in windows: lists whose
 * largest impacts in a window cannot lift a document among the best are not walked there but asked for
 * single documents, and windows where all lists together cannot are passed by (MaxScore over block
 * maxima: Turtle and Flood 1995; Ding and Suel 2011).
 */
import { END, type PostingList } from "./list.ts";

/** A document and its score. */
export interface Scored {
  readonly document: number;
  readonly score: number;
}

/** What is looked for. */
export interface TopQuery {
  /** Each posting adds its list's weight times its impact. */
  readonly lists: readonly PostingList[];
  /** A document must be in all of these. */
  readonly required: readonly PostingList[];
  readonly count: number;
  /** The last one of the page before: only worse ones, or as good ones of higher number, are taken. */
  readonly below?: Scored | undefined;
}

/** Numbers of one window: its sums fit the first cache. */
const WINDOW = 2048;

/** The best, the best first; of equal ones the one that came first. */
export function topOf({ lists, required, count, below }: TopQuery): Scored[] {
  const best = new Best(count, below), sums = new WindowSums(required.length);
  for (let from = nextOf(lists, required, 0); from < END; from = nextOf(lists, required, from)) {
    const end = from + WINDOW, floor = best.floor;
    const bounded = lists
      .map((list) => ({ list, bound: list.maxBefore(end) * list.weight }))
      .filter(({ bound }) => bound > 0)
      .sort((a, b) => a.bound - b.bound);
    // Lists that even together lift nobody: from the smallest bound up.
    let asked = 0, reach = 0;
    const reaches: number[] = [0];
    for (; asked < bounded.length; asked++) {
      reach += bounded[asked]!.bound;
      if (reach > floor) break;
      reaches.push(reach);
    }
    if (asked < bounded.length) {
      const all = bounded.map(({ list }) => list);
      sums.open(from, end, all.slice(asked), required);
      askFor(all.slice(0, asked), reaches, sums, floor);
      sums.offerTo(best);
    }
    from = end;
  }
  return best.sorted();
}

/** The first document from `from` on that some list and all required ones may have. */
function nextOf(lists: readonly PostingList[], required: readonly PostingList[], from: number) {
  let next = END;
  for (const list of lists) next = Math.min(next, list.seek(from));
  for (const list of required) next = Math.max(next, list.seek(Math.min(next, END)));
  return next;
}

/** Adds what the remaining lists give, as long as it may matter. */
function askFor(
  lists: readonly PostingList[],
  reaches: readonly number[],
  sums: WindowSums,
  floor: number,
): void {
  for (let i = lists.length - 1; i >= 0; i--) {
    const list = lists[i]!;
    sums.keep((score) => score + reaches[i + 1]! > floor);
    sums.each((document) => list.seek(document) === document ? list.impact * list.weight : 0);
  }
}

/** Scores of the documents of one window. */
class WindowSums {
  readonly #scores = new Int32Array(WINDOW);
  readonly #marks = new Uint8Array(WINDOW);
  readonly #touched = new Int32Array(WINDOW);
  readonly #required: number;
  #from = 0;
  #count = 0;

  constructor(required: number) {
    this.#required = required;
  }

  open(
    from: number,
    end: number,
    lists: readonly PostingList[],
    required: readonly PostingList[],
  ): void {
    this.#from = from;
    this.#count = 0;
    for (const list of lists) {
      this.#count = list.addTo(this.#scores, from, end, this.#touched, this.#count);
    }
    if (required.length === 0) return;
    for (const list of required) list.mark(this.#marks, from, end);
    this.keep((_, place) => this.#marks[place] === this.#required);
    this.#marks.fill(0);
  }

  keep(isKept: (score: number, place: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      const place = this.#touched[i]!;
      if (isKept(this.#scores[place]!, place)) this.#touched[kept++] = place;
      else this.#scores[place] = 0;
    }
    this.#count = kept;
  }

  /** Lists move forward only: in the documents' order. */
  each(gainOf: (document: number) => number): void {
    this.#touched.subarray(0, this.#count).sort();
    for (let i = 0; i < this.#count; i++) {
      const place = this.#touched[i]!;
      this.#scores[place]! += gainOf(this.#from + place);
    }
  }

  offerTo(best: Best): void {
    for (let i = 0; i < this.#count; i++) {
      const place = this.#touched[i]!;
      best.offer(this.#from + place, this.#scores[place]!);
      this.#scores[place] = 0;
    }
  }
}

/** The best so far, as a heap with the worst of them on top. */
class Best {
  readonly #heap: Scored[] = [];
  readonly #count: number;
  readonly #below: Scored | undefined;

  constructor(count: number, below: Scored | undefined) {
    this.#count = count;
    this.#below = below;
  }

  /** Who of higher number has no more than this is not among them. */
  get floor(): number {
    return this.#heap.length < this.#count ? 0 : this.#heap[0]!.score;
  }

  offer(document: number, score: number): void {
    const heap = this.#heap, scored = { document, score };
    if (this.#below && !isWorse(scored, this.#below)) return;
    if (heap.length < this.#count) {
      heap.push(scored);
      this.#rise(heap.length - 1);
    } else if (isWorse(heap[0]!, scored)) {
      heap[0] = scored;
      this.#sink(0);
    }
  }

  sorted(): Scored[] {
    return this.#heap.sort((a, b) => isWorse(a, b) ? 1 : -1);
  }

  #rise(at: number): void {
    const heap = this.#heap;
    for (let above = at - 1 >> 1; at > 0 && isWorse(heap[at]!, heap[above]!);) {
      [heap[at], heap[above]] = [heap[above]!, heap[at]!];
      at = above;
      above = at - 1 >> 1;
    }
  }

  #sink(at: number): void {
    const heap = this.#heap;
    for (;;) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isWorse(heap[child]!, heap[worst]!)) worst = child;
      }
      if (worst === at) return;
      [heap[at], heap[worst]] = [heap[worst]!, heap[at]!];
      at = worst;
    }
  }
}

function isWorse(a: Scored, b: Scored): boolean {
  return a.score < b.score || a.score === b.score && a.document > b.document;
}
