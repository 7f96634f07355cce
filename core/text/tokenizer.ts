/** Text to token ids and back, from the vocabulary a GGUF file carries. Agrees with llama.cpp. */
import { FlintError } from "../errors.ts";
import type { TokenizerSpec } from "../flash/layout.ts";
import { createBpe, type RunEncoder } from "./bpe.ts";
import { createSentencePiece } from "./sentencepiece.ts";
import { TokenKind, Vocabulary } from "./vocabulary.ts";

/** Longest text: 1 million tokens or so, more than any context; the work arrays then fit 100 MB. */
export const TEXT_CHARS_MAX = 4 << 20;

/** Text in, ids out, and back. */
export interface Tokenizer {
  readonly vocabulary: Vocabulary;
  /** Names of the control tokens: what must not come out of a person's text. */
  readonly controlTexts: readonly string[];
  /**
   * Plain text to ids. `special`: control tokens in the text are recognised. `mark`: a character to
   * drop after they were, so that it can keep a piece of text from being recognised.
   * Never adds a begin or end token. Throws FlintError "bad_input" for a text above TEXT_CHARS_MAX.
   */
  encode(text: string, options?: { special?: boolean; mark?: string }): number[];
  /** Ids to text; `special` prints control tokens by their names. Broken UTF-8 becomes U+FFFD. */
  decode(ids: readonly number[], options?: { special?: boolean }): string;
}

/** Throws FlintError "bad_model" for a vocabulary of a kind Flint does not know. */
export function createTokenizer(spec: TokenizerSpec): Tokenizer {
  const vocabulary = new Vocabulary(spec);
  const runs = spec.model === "llama" ? createSentencePiece(spec) : createBpe(spec);
  const control = atoms(spec, (kind) => kind !== TokenKind.userDefined);
  const plain = atoms(spec, (kind) => kind === TokenKind.userDefined);
  const all = [...control, ...plain].sort((a, b) => b.text.length - a.text.length);
  return {
    vocabulary,
    controlTexts: control.map(({ text }) => text),
    encode: (text, { special = false, mark } = {}) =>
      encode(text, special ? all : plain, mark, runs),
    decode: (ids, { special = false } = {}) => decode(ids, special, vocabulary),
  };
}

/** A token that is found in a text as a whole, before words are. */
interface Atom {
  readonly id: number;
  readonly text: string;
}

/** Atoms of some kinds, the longest first: the order in which llama.cpp looks for them. */
function atoms(spec: TokenizerSpec, wanted: (kind: number) => boolean): Atom[] {
  const kinds: number[] = [TokenKind.control, TokenKind.unknown, TokenKind.userDefined];
  return spec.tokens.map((text, id) => ({ id, text }))
    .filter(({ id, text }) => {
      const kind = spec.types[id] ?? TokenKind.normal;
      return text !== "" && kinds.includes(kind) && wanted(kind);
    })
    .sort((a, b) => b.text.length - a.text.length);
}

function encode(
  text: string,
  atoms: readonly Atom[],
  mark: string | undefined,
  runs: RunEncoder,
): number[] {
  if (text.length > TEXT_CHARS_MAX) {
    const limit = `${TEXT_CHARS_MAX.toLocaleString("en")} characters`;
    throw new FlintError("bad_input", `a text of ${text.length} characters is above ${limit}`);
  }
  const ids: number[] = [];
  let first = true;
  for (const part of partition(text, atoms)) {
    if (typeof part === "number") ids.push(part);
    else {
      const run = mark === undefined ? part : part.replaceAll(mark, "");
      if (run !== "") runs.encode(run.toWellFormed(), first, ids);
    }
    first = typeof part === "number";
  }
  return ids;
}

/** Splits a text at its atoms, those that come first in the list first. */
function partition(text: string, atoms: readonly Atom[]): (string | number)[] {
  let parts: (string | number)[] = text === "" ? [] : [text];
  for (const { id, text: name } of atoms) {
    if (!text.includes(name)) continue;
    parts = parts.flatMap((part) =>
      typeof part === "string" && part.includes(name) ? splitAt(part, name, id) : [part]
    );
  }
  return parts;
}

function splitAt(text: string, name: string, id: number): (string | number)[] {
  return text.split(name)
    .flatMap((piece, i) => i === 0 ? [piece] : [id, piece])
    .filter((part) => part !== "");
}

function decode(ids: readonly number[], special: boolean, vocabulary: Vocabulary): string {
  const shown = ids.filter((id) => special || !vocabulary.isControl(id));
  const pieces = shown.map((id) => vocabulary.tokenBytes(id));
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const { model, addSpacePrefix } = vocabulary.rules;
  return model === "llama" && addSpacePrefix && text.startsWith(" ") ? text.slice(1) : text;
}
