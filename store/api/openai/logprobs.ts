/** Log probabilities in OpenAI's two forms: chat's and the older one of plain completions. */
import { z } from "@hono/zod-openapi";
import type { TokenLogprob } from "@flint/core";
import type { TokenEvent } from "./choices.ts";

const candidate = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()),
});

/** As in a chat completion. */
export const ChatLogprobs = z.object({
  content: z.array(candidate.extend({ top_logprobs: z.array(candidate) })),
  refusal: z.null(),
});

/** As in a plain completion. */
export const TextLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(z.int()),
});

/** The log probabilities of some tokens, or null when none were asked for. */
export function chatLogprobs(tokens: readonly TokenEvent[]): z.infer<typeof ChatLogprobs> | null {
  const known = tokens.flatMap(({ logprob, top }) => logprob ? [{ logprob, top }] : []);
  if (known.length === 0) return null;
  return {
    content: known.map(({ logprob, top }) => ({
      ...asCandidate(logprob),
      top_logprobs: (top ?? []).map(asCandidate),
    })),
    refusal: null,
  };
}

/** The same in the older form; `offset` is where the first token's text starts in the answer. */
export function textLogprobs(
  tokens: readonly TokenEvent[],
  offset: number,
): z.infer<typeof TextLogprobs> | null {
  const known = tokens.flatMap(({ logprob, top }) => logprob ? [{ logprob, top }] : []);
  if (known.length === 0) return null;
  let at = offset;
  return {
    tokens: known.map(({ logprob }) => logprob.text),
    token_logprobs: known.map(({ logprob }) => asCandidate(logprob).logprob),
    top_logprobs: known.map(({ top }) =>
      Object.fromEntries((top ?? []).map((t) => [t.text, asCandidate(t).logprob]))
    ),
    text_offset: known.map(({ logprob }) => {
      const start = at;
      at += logprob.text.length;
      return start;
    }),
  };
}

/** JSON has no -Infinity (a token the grammar forbids); OpenAI writes -9999 for it. */
const LOGPROB_MIN = -9999;

const asCandidate = ({ text, logprob, bytes }: TokenLogprob) => ({
  token: text,
  logprob: Math.max(logprob, LOGPROB_MIN),
  bytes: [...bytes],
});
