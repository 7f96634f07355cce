/**
 * Which known terms a mistyped word may mean. Each term is kept under the hashes of itself and of
 * itself less one sign; so is what is looked up, and one slip (a sign lost, added, changed, or two
 * swapped) makes them meet (symmetric deletion, Garbe 2012).
 */

/** Shorter words are too near to too many others. */
const LETTERS_MIN = 4;
/** Signs, from the first, in which slips are looked for: it bounds the hashes of a term. */
const PREFIX = 12;

/** The hashes a term is kept under, each once; none if it is too short or holds no letters. */
export function hashesOf(term: string): Set<number> {
  const signs = [...term].slice(0, PREFIX);
  if (signs.length < LETTERS_MIN || !/^\p{L}+$/u.test(term)) return new Set();
  const hashes = new Set([hashOf(signs, -1)]);
  for (let i = 0; i < signs.length; i++) hashes.add(hashOf(signs, i));
  return hashes;
}

/** FNV-1a over the code points, all but one. */
function hashOf(signs: readonly string[], without: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < signs.length; i++) {
    if (i !== without) hash = Math.imul(hash ^ signs[i]!.codePointAt(0)!, 0x01000193);
  }
  return hash >>> 0;
}

/** Slips between two words: signs lost, added, changed, or swapped with their neighbour. */
export function slipsBetween(source: string, target: string): number {
  const a = [...source], b = [...target];
  let before: number[] = [], last = b.map((_, i) => i + 1);
  last.unshift(0);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + changed);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
