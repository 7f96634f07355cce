/**
 * The model's tokens as bytes: what each one spells, which are control tokens, which end a text.
 * One flat byte array for all tokens, so that 150,000 of them cost about 2 MB and no objects.
 */
import { FlintError } from "../errors.ts";
import type { TokenizerSpec } from "../flash/layout.ts";

/** What a file says of its tokenizer beside the tokens: those are kept as bytes, not as strings. */
export type TokenizerRules = Omit<TokenizerSpec, "tokens" | "types" | "merges" | "scores">;

/** GGUF token types. */
export const TokenKind = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const;

/** More tokens than any known vocabulary (Gemma has 262,144); token ids then fit 24 bits. */
const TOKENS_MAX = 1 << 20;

/**
 * Tokens that end an answer whatever the file says of eos and eot, as llama.cpp has them
 * (llama-vocab.cpp, special_eog_ids): files often name only one of several.
 */
const END_TEXTS = [
  "<|eot_id|>",
  "<|im_end|>",
  "<|end|>",
  "<|return|>",
  "<|call|>",
  "<end_of_turn>",
  "<|endoftext|>",
  "<|end_of_text|>",
  "<end_of_utterance>",
  "<|eom_id|>",
  "<EOT>",
  "[EOT]",
  "[EOS]",
  "<｜end▁of▁sentence｜>",
  "</s>",
  "<|fim_pad|>",
  "<|repo_name|>",
  "<|file_sep|>",
];

/** What the tokens of one model spell. Immutable once built. */
export class Vocabulary {
  readonly size: number;
  /** Ids that end an answer, ascending. */
  readonly ends: readonly number[];
  readonly rules: TokenizerRules;
  /** All tokens' bytes, one after the other; token i is bytes[starts[i]..starts[i + 1]]. */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly #kinds: Uint8Array;

  /** Throws FlintError "bad_model" if the arrays contradict each other. */
  constructor(spec: TokenizerSpec) {
    check(spec);
    this.rules = rulesOf(spec);
    this.size = spec.tokens.length;
    this.#kinds = Uint8Array.from(spec.tokens, (_, i) => spec.types[i] ?? TokenKind.normal);
    this.starts = new Uint32Array(this.size + 1);
    this.bytes = spellAll(spec, this.starts);
    this.ends = endIds(spec);
  }

  /** The bytes a token adds to a text; a control token's are its name. A view, not a copy. */
  tokenBytes(id: number): Uint8Array {
    return this.bytes.subarray(this.starts[id], this.starts[id + 1]);
  }

  /** Control and unknown tokens: never part of a person's text. */
  isControl(id: number): boolean {
    const kind = this.#kinds[id];
    return kind === TokenKind.control || kind === TokenKind.unknown;
  }

  /** How a token is spelled; of a control token, its name. */
  nameOf(id: number): string {
    return new TextDecoder().decode(this.tokenBytes(id));
  }

  isEnd(id: number): boolean {
    return this.ends.includes(id);
  }
}

function rulesOf(spec: TokenizerSpec): TokenizerRules {
  const { tokens: _, types: _t, merges: _m, scores: _s, ...rules } = spec;
  return rules;
}

function check(spec: TokenizerSpec): void {
  const size = spec.tokens.length;
  if (size === 0 || size > TOKENS_MAX) {
    throw new FlintError("bad_model", `the vocabulary has ${size} tokens, not 1 to ${TOKENS_MAX}`);
  }
  for (const name of ["bos", "eos", "eot", "unknown", "padding"] as const) {
    const id = spec[name];
    if (id !== null && !(Number.isInteger(id) && id >= 0 && id < size)) {
      throw new FlintError("bad_model", `token id ${name} = ${id} is outside the vocabulary`);
    }
  }
}

function endIds(spec: TokenizerSpec): number[] {
  const named = new Set(END_TEXTS);
  const ends = new Set<number>([spec.eos, spec.eot].filter((id) => id !== null));
  spec.tokens.forEach((text, id) => {
    if (named.has(text) && spec.types[id] !== TokenKind.normal) ends.add(id);
  });
  return [...ends].sort((a, b) => a - b);
}

/** Fills `starts` and returns all tokens' bytes, one after the other. */
function spellAll(spec: TokenizerSpec, starts: Uint32Array): Uint8Array {
  const most = spec.tokens.reduce((sum, text) => sum + 3 * text.length, 0);
  const out = new Uint8Array(most);
  let end = 0;
  spec.tokens.forEach((text, id) => {
    end += spell(text, spec.types[id] ?? TokenKind.normal, spec.model, out.subarray(end));
    starts[id + 1] = end;
  });
  return out.slice(0, end);
}

const encoder = new TextEncoder();

/** Writes what a token spells to the front of `out` and returns how many bytes that is. */
function spell(text: string, kind: number, model: string, out: Uint8Array): number {
  if (kind === TokenKind.unused) return 0;
  if (kind === TokenKind.byte) {
    out[0] = Number.parseInt(text.slice(3, 5), 16);
    return 1;
  }
  if (kind !== TokenKind.normal) return encoder.encodeInto(text, out).written;
  if (model === "llama") return encoder.encodeInto(text.replaceAll("▁", " "), out).written;
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = byteOfLetter[text.charCodeAt(i)] ?? -1;
    // A letter outside the alphabet: some files have raw text in normal tokens.
    if (byte < 0) return encoder.encodeInto(text, out).written;
    out[n++] = byte;
  }
  return n;
}

/**
 * GPT-2's byte alphabet: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up,
 * in order. Vocabularies of the kind "gpt2" are written in it.
 */
export const letterOfByte: readonly string[] = byteAlphabet();

/** Byte of a letter's char code; -1 where it is none. */
const byteOfLetter = new Int16Array(0x200).fill(-1);
letterOfByte.forEach((letter, byte) => byteOfLetter[letter.charCodeAt(0)] = byte);

function byteAlphabet(): string[] {
  let spare = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : spare++);
  });
}
