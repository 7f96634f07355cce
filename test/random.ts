/** Seeded randomness for tests: mulberry32 (Tommy Ettinger, public domain). */

/** Returns a source of floats in [0, 1). Same seed, same sequence. */
export function randomFloats(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns a source of integers in [0, n). */
export function randomInts(seed: number): (n: number) => number {
  const next = randomFloats(seed);
  return (n) => Math.floor(next() * n);
}
