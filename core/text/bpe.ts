/**
 * Byte-level byte-pair encoding from a GGUF vocabulary of the kind "gpt2".
 *
 * Our own, because @huggingface/tokenizers 0.2.0, though it agrees with llama.cpp, keeps 45 MB of
 * JavaScript heap for Qwen's 151,936 tokens and takes 5-12 s and 400 MB for one word of 1 MB; these
 * tables keep 9 MB, and such a word takes 0.5-1.4 s and 50 MB (measured on the same busy machine).
 */
import type { TokenizerSpec } from "../flash/layout.ts";
import { Merger, type Pairs } from "./merge.ts";
import { createCutter, type Cutter } from "./pretokenize.ts";
import { letterOfByte, TokenKind } from "./vocabulary.ts";

/** Turns runs of plain text into token ids, appended to `ids`. */
export interface RunEncoder {
  /** `first`: the run begins a text or follows a control token. */
  encode(run: string, first: boolean, ids: number[]): void;
}

/** Throws FlintError "bad_model" for an unknown pre-tokenizer. */
export function createBpe(spec: TokenizerSpec): RunEncoder {
  return new Bpe(spec);
}

class Bpe implements RunEncoder {
  readonly #cutter: Cutter;
  readonly #merges: MergeTable;
  readonly #merger = new Merger();
  /** Words that are tokens, in GPT-2's byte alphabet; only for vocabularies that take them whole. */
  readonly #whole: Map<string, number> | undefined;
  readonly #size: number;

  constructor(spec: TokenizerSpec) {
    this.#cutter = createCutter(spec.pre);
    const symbols = textSymbols(spec);
    this.#whole = this.#cutter.whole ? new Map(symbols) : undefined;
    this.#merges = new MergeTable(spec.merges, symbols, spec.tokens.length);
    this.#size = spec.tokens.length;
  }

  encode(run: string, _first: boolean, ids: number[]): void {
    this.#cutter.cut(run, (word) => this.#encodeWord(word, ids));
  }

  #encodeWord(word: string, ids: number[]): void {
    this.#merger.reserve(3 * word.length);
    const symbols = this.#merger.symbols;
    const bytes = writeUtf8(word, symbols);
    if (this.#whole) {
      const id = this.#whole.get(Array.from(symbols.subarray(0, bytes), letter).join(""));
      if (id !== undefined) return void ids.push(id);
    }
    for (let i = 0; i < bytes; i++) symbols[i] = this.#merges.symbolOfByte[symbols[i]!]!;
    const left = this.#merger.merge(bytes, this.#merges);
    for (let i = 0; i < left; i++) {
      const symbol = symbols[i]!;
      if (symbol < this.#size) ids.push(symbol);
      else ids.push(...this.#merges.spelled(symbol));
    }
  }
}

const letter = (byte: number): string => letterOfByte[byte]!;

/** Token texts that plain text may become; control tokens are out of its reach. */
function textSymbols(spec: TokenizerSpec): Map<string, number> {
  const symbols = new Map<string, number>();
  spec.tokens.forEach((text, id) => {
    const kind = spec.types[id] ?? TokenKind.normal;
    if (kind !== TokenKind.control && kind !== TokenKind.unknown) symbols.set(text, id);
  });
  return symbols;
}

/** Unused slot of the hash table. */
const EMPTY = -1;

/**
 * (left, right) -> (rank, joined) as an open-addressing hash table over plain integers. Symbols are
 * token ids; a text that merges make but the vocabulary lacks gets an id above them.
 */
class MergeTable implements Pairs {
  joined = 0;
  /** 256 symbols: what each byte begins as. */
  readonly symbolOfByte: Int32Array;
  /** 4 integers a slot: left, right, rank, joined. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Texts of the symbols beyond the vocabulary, as the ids of those bytes that have a token. */
  readonly #beyond: number[][] = [];
  readonly #size: number;

  constructor(merges: readonly string[], symbols: Map<string, number>, size: number) {
    this.#size = size;
    // Half full at most, so that a failing look-up, the common case, ends after two probes.
    const slots = 1 << Math.ceil(Math.log2(2 * Math.max(merges.length, 1)));
    this.#slots = new Int32Array(4 * slots).fill(EMPTY);
    this.#mask = slots - 1;
    this.symbolOfByte = Int32Array.from(letterOfByte, (text) => this.#symbol(text, symbols));
    merges.forEach((merge, rank) => this.#add(merge, rank, symbols));
  }

  rank(left: number, right: number): number {
    const slots = this.#slots;
    for (let at = this.#hash(left, right);; at = (at + 1) & this.#mask) {
      const slot = 4 * at;
      if (slots[slot] === EMPTY) return -1;
      if (slots[slot] === left && slots[slot + 1] === right) {
        this.joined = slots[slot + 3]!;
        return slots[slot + 2]!;
      }
    }
  }

  /** Ids for a symbol beyond the vocabulary: its bytes, as far as they have tokens. */
  spelled(symbol: number): readonly number[] {
    return this.#beyond[symbol - this.#size]!;
  }

  #add(merge: string, rank: number, symbols: Map<string, number>): void {
    const space = merge.indexOf(" ", 1);
    if (space < 0) return;
    const left = this.#symbol(merge.slice(0, space), symbols);
    const right = this.#symbol(merge.slice(space + 1), symbols);
    if (this.rank(left, right) >= 0) return;
    const joined = this.#symbol(merge.slice(0, space) + merge.slice(space + 1), symbols);
    let at = this.#hash(left, right);
    while (this.#slots[4 * at] !== EMPTY) at = (at + 1) & this.#mask;
    this.#slots.set([left, right, rank, joined], 4 * at);
  }

  #symbol(text: string, symbols: Map<string, number>): number {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    const id = this.#size + this.#beyond.length;
    const letters = text.length > 1 ? [...text] : [];
    const spelled = letters.map((letter) => symbols.get(letter) ?? id);
    this.#beyond.push(spelled.filter((id) => id < this.#size));
    symbols.set(text, id);
    return id;
  }

  #hash(left: number, right: number): number {
    const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }
}

/** Writes a well-formed string as UTF-8, one byte an element; returns how many. */
function writeUtf8(text: string, out: Int32Array): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      out[n++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xdc00) {
      code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
    }
    if (code < 0x800) out[n++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) out[n++] = 0xe0 | (code >> 12);
      else {
        out[n++] = 0xf0 | (code >> 18);
        out[n++] = 0x80 | ((code >> 12) & 0x3f);
      }
      out[n++] = 0x80 | ((code >> 6) & 0x3f);
    }
    out[n++] = 0x80 | (code & 0x3f);
  }
  return n;
}
