/** Metadata -> TokenizerSpec: tokens, merges or scores, special ids, each checked. */
import type { TokenizerSpec } from "../flash/layout.ts";
import { type Metadata, refuseModel } from "./metadata.ts";

/** Byte-pair pre-tokenizers whose models begin with BOS although the file does not say so (llama.cpp). */
const BOS_BY_DEFAULT: readonly string[] = ["llama-bpe", "llama3", "llama-v3", "falcon3"];
const KEY = "tokenizer.ggml.";
/** 6 = byte, the last of GGUF's token types. */
const TYPE_MAX = 6;
const MODELS = ["gpt2", "llama"] as const;

/** Reads the vocabulary; `vocabulary` is the row count of the embedding. */
export function readTokenizer(metadata: Metadata, vocabulary: number): TokenizerSpec {
  const model = readModel(metadata);
  const tokens = metadata.texts(`${KEY}tokens`) ?? refuseModel(`metadata ${KEY}tokens is missing`);
  if (tokens.length !== vocabulary) {
    refuseModel(
      `${KEY}tokens has ${tokens.length} entries, token_embd.weight ${vocabulary} rows: they must agree`,
    );
  }
  const pre = metadata.text(`${KEY}pre`) ?? "default";
  const scores = readPerToken(metadata, "scores", tokens.length, model === "llama");
  const types = readPerToken(metadata, "token_type", tokens.length, false);
  if (scores.some(Number.isNaN)) refuseModel(`${KEY}scores holds NaN: the file is damaged`);
  const odd = types.find((type) => !(type >= 0 && type <= TYPE_MAX));
  if (odd !== undefined) refuseModel(`${KEY}token_type holds ${odd}: 0 to ${TYPE_MAX} is right`);
  const special = (name: string) => readSpecial(metadata, name, vocabulary);
  return {
    model,
    pre,
    tokens,
    types: types.length > 0 ? types : tokens.map(() => 1),
    merges: readMerges(metadata, model),
    scores,
    bos: special("bos"),
    eos: special("eos"),
    eot: special("eot"),
    unknown: special("unknown"),
    padding: special("padding"),
    addBos: metadata.bool(`${KEY}add_bos_token`, model === "llama" || BOS_BY_DEFAULT.includes(pre)),
    addEos: metadata.bool(`${KEY}add_eos_token`, false),
    addSpacePrefix: metadata.bool(`${KEY}add_space_prefix`, model === "llama"),
  };
}

function readModel(metadata: Metadata): TokenizerSpec["model"] {
  const name = metadata.text(`${KEY}model`);
  return MODELS.find((model) => model === name) ??
    refuseModel(`tokenizer model ${name ?? "(none)"} is not supported; supported are gpt2 llama`);
}

/** A list with one number for each token; empty where it is absent and not needed. */
function readPerToken(
  metadata: Metadata,
  name: string,
  count: number,
  needed: boolean,
): readonly number[] {
  const list = metadata.numbers(KEY + name);
  if (list === undefined && !needed) return [];
  if (list?.length !== count) {
    refuseModel(
      `${KEY}${name} has ${list?.length ?? 0} entries: one for each of ${count} tokens is right`,
    );
  }
  return list;
}

function readMerges(metadata: Metadata, model: TokenizerSpec["model"]): readonly string[] {
  const merges = metadata.texts(`${KEY}merges`) ?? [];
  if (model === "gpt2" && merges.length === 0) {
    refuseModel(`metadata ${KEY}merges is missing: a gpt2 tokenizer needs its merges`);
  }
  const odd = merges.find((merge) => merge.indexOf(" ", 1) < 0);
  if (odd !== undefined) {
    refuseModel(
      `${KEY}merges holds ${JSON.stringify(odd.slice(0, 40))}: two pieces and a space are right`,
    );
  }
  return merges;
}

function readSpecial(metadata: Metadata, name: string, vocabulary: number): number | null {
  const key = `${KEY}${name}_token_id`;
  return metadata.has(key) ? metadata.integer(key, 0, vocabulary - 1) : null;
}
