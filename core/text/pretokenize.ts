/**
 * How a text is cut into words before BPE: the table of GGUF's `tokenizer.ggml.pre` names.
 * The expressions are those of the models' own tokenizer.json, as llama.cpp has them
 * (llama-vocab.cpp), with two changes for JavaScript: `\s` is spelled out, because JavaScript's
 * knows U+FEFF but not U+0085, and case folding is, because /i would also match U+017F and U+212A.
 */
import { FlintError } from "../errors.ts";

/** White_Space of Unicode. */
const S = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const SUFFIX = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
const SPACES = `[${S}]+(?![^${S}])|[${S}]+`;
/** Words, numbers of at most `digits` digits, symbols with their line breaks, blank runs. */
const modern = (digits: string) =>
  `${SUFFIX}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${digits}` +
  `| ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*|[${S}]*[\\r\\n]+|${SPACES}`;
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+" + `| ?[^${S}\\p{L}\\p{N}]+|${SPACES}`;
const HAN = "[一-龥ࠀ-一가-퟿]+";
const DEEPSEEK3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+" +
  "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" +
  `|[${S}]*[\\r\\n]+|${SPACES}`;

/** Cuts applied one after the other, each to the pieces the one before left. */
interface PreTokenizer {
  readonly cuts: readonly string[];
  /** A word that is a token as a whole is taken as it is, without merging. */
  readonly whole?: boolean;
}

const QWEN2 = { cuts: [modern("")] };
const LLAMA3 = { cuts: [modern("{1,3}")], whole: true };
const SMOLLM = { cuts: ["\\p{N}", GPT2] };
const PLAIN = { cuts: [GPT2] };

const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "": { cuts: ["[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"] },
  "default": { cuts: ["[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"] },
  "gpt-2": PLAIN,
  "phi-2": PLAIN,
  "mpt": PLAIN,
  "olmo": PLAIN,
  "exaone4": PLAIN,
  "granite-docling": PLAIN,
  "smollm": SMOLLM,
  "starcoder": SMOLLM,
  "refact": SMOLLM,
  "command-r": SMOLLM,
  "codeshell": SMOLLM,
  "qwen2": QWEN2,
  "deepseek-r1-qwen": QWEN2,
  "megrez": QWEN2,
  "stablelm2": QWEN2,
  "hunyuan": QWEN2,
  "llama3": LLAMA3,
  "llama-v3": LLAMA3,
  "llama-bpe": LLAMA3,
  "falcon3": LLAMA3,
  "pixtral": LLAMA3,
  "lfm2": LLAMA3,
  "smaug-bpe": { cuts: LLAMA3.cuts },
  "dbrx": { cuts: LLAMA3.cuts },
  "glm4": { cuts: LLAMA3.cuts },
  "chatglm-bpe": { cuts: LLAMA3.cuts },
  "deepseek-coder": {
    cuts: ["[\\r\\n]", `[${S}]?\\p{L}+`, `[${S}]?\\p{P}+`, HAN, "\\p{N}"],
  },
  "deepseek-v3": { cuts: ["\\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK3] },
};

/** Cuts a well-formed text into words. */
export interface Cutter {
  readonly whole: boolean;
  /** Calls `word` with every piece, in order; the pieces joined are the text. */
  cut(text: string, word: (piece: string) => void): void;
}

/** Throws FlintError "bad_model" for a name the table does not have. */
export function createCutter(pre: string): Cutter {
  const found = Object.hasOwn(preTokenizers, pre) ? preTokenizers[pre]! : undefined;
  if (found === undefined) {
    const known = Object.keys(preTokenizers).filter((name) => name !== "").join(", ");
    throw new FlintError("bad_model", `pre-tokenizer "${pre}" is not supported; known: ${known}`);
  }
  const cuts = found.cuts.map((source) => new RegExp(source, "gu"));
  return {
    whole: found.whole ?? false,
    cut: (text, word) => cutFrom(0, text, cuts, word),
  };
}

function cutFrom(
  level: number,
  text: string,
  cuts: readonly RegExp[],
  word: (piece: string) => void,
): void {
  const expression = cuts[level];
  if (expression === undefined) return word(text);
  let end = 0;
  expression.lastIndex = 0;
  for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
    const resume = expression.lastIndex;
    if (match.index > end) cutFrom(level + 1, text.slice(end, match.index), cuts, word);
    cutFrom(level + 1, match[0], cuts, word);
    expression.lastIndex = end = resume;
  }
  if (end < text.length) cutFrom(level + 1, text.slice(end), cuts, word);
}
