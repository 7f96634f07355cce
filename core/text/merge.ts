/**
 * Joins neighbouring symbols of a word, best pair first, until no pair is left: the loop that
 * byte-pair encoding and SentencePiece share. n log n for a word of n symbols, no objects.
 */
import { MergeQueue, placeOf, rankOf } from "./merge_queue.ts";

/** Which symbols join: `rank` is -1 where they do not; then `joined` is undefined. */
export interface Pairs {
  /** Rank of the pair, least first; sets `joined` for the caller. */
  rank(left: number, right: number): number;
  /** The symbol that the pair of the last successful `rank` becomes. */
  joined: number;
}

/** Symbols whose arrays stay allocated between words: 16 KB each. */
const KEPT = 1 << 12;

/** One word at a time; the word lies in `symbols[0..n]`. */
export class Merger {
  symbols = new Int32Array(KEPT);
  #next = new Int32Array(KEPT);
  #previous = new Int32Array(KEPT);
  readonly #queue = new MergeQueue();

  /** Makes room for a word of n symbols; `symbols` is another array afterwards. */
  reserve(n: number): void {
    if (n <= this.symbols.length && this.symbols.length === KEPT) return;
    const size = Math.max(KEPT, n);
    this.symbols = new Int32Array(size);
    this.#next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#queue.shrink();
  }

  /** Merges symbols[0..n] in place and returns how many are left. */
  merge(n: number, pairs: Pairs): number {
    const next = this.#next, previous = this.#previous;
    for (let i = 0; i < n; i++) {
      next[i] = i + 1 < n ? i + 1 : -1;
      previous[i] = i - 1;
    }
    for (let i = 0; i + 1 < n; i++) this.#offer(i, pairs);
    for (let key = this.#queue.pop(); key >= 0; key = this.#queue.pop()) this.#join(key, pairs);
    return this.#compact(n);
  }

  #offer(left: number, pairs: Pairs): void {
    const rank = pairs.rank(this.symbols[left]!, this.symbols[this.#next[left]!]!);
    if (rank >= 0) this.#queue.push(rank, left);
  }

  #join(key: number, pairs: Pairs): void {
    const symbols = this.symbols, next = this.#next;
    const left = placeOf(key), right = next[left]!;
    // An entry is stale when its place was swallowed or now begins another pair.
    if (symbols[left] === -1 || right === -1) return;
    if (pairs.rank(symbols[left]!, symbols[right]!) !== rankOf(key)) return;
    symbols[left] = pairs.joined;
    symbols[right] = -1;
    const after = next[right]!;
    next[left] = after;
    if (after !== -1) {
      this.#previous[after] = left;
      this.#offer(left, pairs);
    }
    const before = this.#previous[left]!;
    if (before !== -1) this.#offer(before, pairs);
  }

  #compact(n: number): number {
    let kept = 0;
    for (let i = 0; i < n; i++) {
      const symbol = this.symbols[i]!;
      if (symbol !== -1) this.symbols[kept++] = symbol;
    }
    return kept;
  }
}
