/** Sets of Unicode characters, and how JSON strings spell them in bytes. */
import { choice, literal, type Network, type Part } from "./network.ts";

/** Code points from low to high, both included. */
export type CharacterRange = readonly [low: number, high: number];
/** Ranges in order that neither touch nor overlap. */
export type CharacterSet = readonly CharacterRange[];

const LAST = 0x10ffff;

/** Sorts and joins ranges; half surrogates, which UTF-8 cannot say, are taken out. */
export function characterSet(ranges: readonly CharacterRange[]): CharacterSet {
  const joined: [number, number][] = [];
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined.flatMap(([low, high]): CharacterRange[] =>
    low > 0xdfff || high < 0xd800
      ? [[low, high]]
      : [[low, 0xd7ff] as const, [0xe000, high] as const].filter(([low, high]) => low <= high)
  );
}

/** All characters but these. */
export function complement(set: CharacterSet): CharacterSet {
  const rest: CharacterRange[] = [];
  let next = 0;
  for (const [low, high] of set) {
    if (low > next) rest.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= LAST) rest.push([next, LAST]);
  return characterSet(rest);
}

/** What a JSON string may hold without an escape. */
export const PLAIN = complement([[0, 0x1f], [0x22, 0x22], [0x5c, 0x5c]]);

/** One character of the set as JSON.stringify writes it within a string. */
export function jsonCharacter(set: CharacterSet): Part {
  const escaped = [...Array(0x20).keys(), 0x22, 0x5c]
    .filter((code) => set.some(([low, high]) => low <= code && code <= high))
    .map((code) => literal(JSON.stringify(String.fromCharCode(code)).slice(1, -1)));
  return choice(plainCharacter(intersect(set, PLAIN)), ...escaped);
}

/** One character of the set in UTF-8. */
export function plainCharacter(set: CharacterSet): Part {
  const sequences = utf8Ranges(set);
  return (network, from) => {
    const end = network.state();
    addSequences(network, from, sequences, end);
    return end;
  };
}

/** Sequences that begin with the same range share its edge: ranges of a set are equal or apart. */
function addSequences(
  network: Network,
  from: number,
  sequences: readonly (readonly ByteRange[])[],
  end: number,
): void {
  for (const alike of Map.groupBy(sequences, ([first]) => String(first)).values()) {
    const [low, high] = alike[0]![0]!;
    const rests = alike.map((sequence) => sequence.slice(1)).filter((rest) => rest.length > 0);
    const to = rests.length > 0 ? network.state() : end;
    network.byte(from, low, high, to);
    addSequences(network, to, rests, end);
  }
}

/** One character in any way a JSON string can say it: itself, \n and the like, \u and four digits. */
export function anyJsonCharacter(): Part {
  const hex = characterSet([[0x30, 0x39], [0x41, 0x46], [0x61, 0x66]]);
  const digits = (...sets: CharacterSet[]): Part => (network, from) =>
    sets.reduce((state, set) => plainCharacter(set)(network, state), from);
  const of = (letters: string) =>
    characterSet([...letters].map((letter) => [letter.charCodeAt(0), letter.charCodeAt(0)]));
  const unit: Part = choice(
    digits(intersect(hex, complement(of("dD"))), hex, hex, hex),
    digits(of("dD"), of("01234567"), hex, hex),
    (network, from) => {
      const high = digits(of("dD"), of("89abAB"), hex, hex)(network, from);
      return digits(of("dD"), of("cdefCDEF"), hex, hex)(network, literal("\\u")(network, high));
    },
  );
  return choice(
    plainCharacter(PLAIN),
    (network, from) => plainCharacter(of('"\\/bfnrt'))(network, literal("\\")(network, from)),
    (network, from) => unit(network, literal("\\u")(network, from)),
  );
}

function intersect(a: CharacterSet, b: CharacterSet): CharacterSet {
  return complement(characterSet([...complement(a), ...complement(b)]));
}

/** Low and high of one byte. */
export type ByteRange = readonly [low: number, high: number];

/** The set as sequences of byte ranges. */
export function utf8Ranges(set: CharacterSet): ByteRange[][] {
  return set.flatMap(([low, high]) => rangeSequences(low, high));
}

/**
 * Split where the length of the encoding changes and where the lower six bits of a byte do not run
 * through, each part of a range is one range a byte.
 */
function rangeSequences(low: number, high: number): ByteRange[][] {
  const at = splitPoint(low, high);
  if (at !== undefined) return [...rangeSequences(low, at), ...rangeSequences(at + 1, high)];
  const last = encode(high);
  return [Array.from(encode(low), (byte, i) => [byte, last[i]!] as const)];
}

/** The last code point of the lower part, if the range must be split. */
function splitPoint(low: number, high: number): number | undefined {
  for (const last of [0x7f, 0x7ff, 0xffff]) if (low <= last && last < high) return last;
  if (high < 0x80) return undefined;
  for (let bits = 6; bits <= 18; bits += 6) {
    const mask = (1 << bits) - 1;
    if ((low & ~mask) === (high & ~mask)) continue;
    if ((low & mask) !== 0) return low | mask;
    if ((high & mask) !== mask) return (high & ~mask) - 1;
  }
  return undefined;
}

function encode(code: number): Uint8Array {
  return new TextEncoder().encode(String.fromCodePoint(code));
}
