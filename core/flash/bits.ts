/** Sets of numbers as bits: i is bit i % 32 of word i / 32. */

/** Words that hold a bit for each of 0..count-1. */
export function wordsFor(count: number): number {
  return Math.ceil(count / 32);
}

/** Adds a number to the set that begins at word `first`. */
export function setBit(words: Int32Array, first: number, number: number): void {
  words[first + (number >> 5)]! |= 1 << (number & 31);
}

/** Ones in a row of words. */
export function countBits(words: Int32Array): number {
  let bits = 0;
  for (let i = 0; i < words.length; i++) bits += popcount(words[i]!);
  return bits;
}

/** Ones in a 32-bit word (Warren, Hacker's Delight 5-1). */
export function popcount(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
