/** Seeded randomness: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32. */

/** Same seed, same numbers, on every machine. */
export class SeededRandom {
  readonly #state = new Uint32Array(4);

  /** @param seed  an integer; its low 53 bits count */
  constructor(seed: number) {
    let z = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32) >>> 0, 0x9e3779b1);
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) >>> 0;
      let word = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = word ^ (word >>> 15);
    }
  }

  /** The next 32 bits. */
  word(): number {
    const s = this.#state;
    const scrambled = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const shifted = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = rotate(s[3]!, 11);
    return scrambled;
  }

  /** A number in [0, 1) with 53 random bits. */
  fraction(): number {
    return ((this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }
}

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
