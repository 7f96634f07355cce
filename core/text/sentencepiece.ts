/**
 * SentencePiece BPE from a GGUF vocabulary of the kind "llama": pairs join by their token's score,
 * characters without a token are spelled in byte tokens.
 */
import type { TokenizerSpec } from "../flash/layout.ts";
import type { RunEncoder } from "./bpe.ts";
import { Merger, type Pairs } from "./merge.ts";
import { TokenKind } from "./vocabulary.ts";

/** For vocabularies of the kind "llama". */
export function createSentencePiece(spec: TokenizerSpec): RunEncoder {
  return new SentencePiece(spec);
}

class SentencePiece implements RunEncoder, Pairs {
  joined = 0;
  readonly #merger = new Merger();
  readonly #idOfText = new Map<string, number>();
  /** Per token: the place of its score among all scores, the highest first. */
  readonly #ranks: Int32Array;
  /** 256 ids: <0x00> to <0xFF>; -1 where the vocabulary has none. */
  readonly #byteIds = new Int32Array(256).fill(-1);
  readonly #spec: TokenizerSpec;
  readonly #charsMax: number;
  /** Texts of the characters of this run that have no token; their symbols are below -1. */
  #strange: string[] = [];

  constructor(spec: TokenizerSpec) {
    this.#spec = spec;
    this.#ranks = scoreRanks(spec);
    let charsMax = 1;
    spec.tokens.forEach((text, id) => {
      const kind = spec.types[id] ?? TokenKind.normal;
      if (kind === TokenKind.byte) this.#byteIds[Number.parseInt(text.slice(3, 5), 16)] = id;
      else if (kind === TokenKind.normal || kind === TokenKind.userDefined) {
        this.#idOfText.set(text, id);
        charsMax = Math.max(charsMax, text.length);
      }
    });
    this.#charsMax = charsMax;
  }

  encode(run: string, first: boolean, ids: number[]): void {
    const text = (this.#spec.addSpacePrefix && first ? " " + run : run).replaceAll(" ", "▁");
    this.#merger.reserve(text.length);
    this.#strange = [];
    let n = 0;
    for (const character of text) this.#merger.symbols[n++] = this.#symbol(character);
    const left = this.#merger.merge(n, this);
    for (let i = 0; i < left; i++) this.#emit(this.#merger.symbols[i]!, ids);
  }

  rank(left: number, right: number): number {
    const text = this.#text(left) + this.#text(right);
    const id = text.length > this.#charsMax ? undefined : this.#idOfText.get(text);
    if (id === undefined) return -1;
    this.joined = id;
    return this.#ranks[id]!;
  }

  #symbol(character: string): number {
    return this.#idOfText.get(character) ?? -1 - this.#strange.push(character);
  }

  #text(symbol: number): string {
    return symbol >= 0 ? this.#spec.tokens[symbol]! : this.#strange[-2 - symbol]!;
  }

  #emit(symbol: number, ids: number[]): void {
    if (symbol >= 0) return void ids.push(symbol);
    for (const byte of new TextEncoder().encode(this.#text(symbol))) {
      const id = this.#byteIds[byte]!;
      if (id >= 0) ids.push(id);
      else if (this.#spec.unknown !== null) ids.push(this.#spec.unknown);
    }
  }
}

function scoreRanks(spec: TokenizerSpec): Int32Array {
  const scores = [...new Set(spec.scores)].sort((a, b) => b - a);
  const ranks = new Map(scores.map((score, rank) => [score, rank]));
  return Int32Array.from(spec.tokens, (_, id) => ranks.get(spec.scores[id] ?? 0) ?? scores.length);
}
