/** The text face of one model: tokenizer and chat template together. */
import type { TokenizerSpec } from "../flash/layout.ts";
import type { TextFace } from "../run/api.ts";
import { type ChatTemplate, createTemplate } from "./template.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";

/** What the engine needs beside the face that the layers above see. */
export interface ModelText extends TextFace {
  readonly tokenizer: Tokenizer;
  readonly prefix: ChatTemplate["prefix"];
}

/** Throws FlintError "bad_model" for a vocabulary or template that cannot be used. */
export function createText(
  card: { readonly chatTemplate: string | null },
  spec: TokenizerSpec,
): ModelText {
  const tokenizer = createTokenizer(spec);
  const template = createTemplate(card.chatTemplate, tokenizer);
  const { bos, addBos } = spec;
  return {
    tokenizer,
    vocabulary: tokenizer.vocabulary.size,
    encode(text, { special = false, begin = false } = {}) {
      const ids = tokenizer.encode(text, { special });
      return begin && addBos && bos !== null && ids[0] !== bos ? [bos, ...ids] : ids;
    },
    decode: (ids, options) => tokenizer.decode(ids, options),
    chat: (messages, options) => template.chat(messages, options),
    prefix: (messages, options) => template.prefix(messages, options),
  };
}
