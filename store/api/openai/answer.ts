/** What OpenAI's clients get back, as zod for the document and the types. */
import { z } from "@hono/zod-openapi";
import { Annotation } from "./annotations.ts";
import { ChatLogprobs, TextLogprobs } from "./logprobs.ts";

const Usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
}).openapi("Usage");

const head = {
  id: z.string(),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
};

const finish_reason = z.enum(["stop", "length"]);
const chatReason = z.enum(["stop", "length", "tool_calls"]);

const toolCall = z.object({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

/** A whole chat answer. */
export const ChatCompletion = z.object({
  ...head,
  object: z.literal("chat.completion"),
  choices: z.array(z.object({
    index: z.int(),
    message: z.object({
      role: z.literal("assistant"),
      content: z.string().nullable(),
      refusal: z.null(),
      tool_calls: z.array(toolCall).optional(),
      annotations: z.array(Annotation).optional(),
    }),
    logprobs: ChatLogprobs.nullable(),
    finish_reason: chatReason,
  })),
  usage: Usage,
}).openapi("ChatCompletion");

/** One event of a streamed chat answer. */
export const ChatChunk = z.object({
  ...head,
  object: z.literal("chat.completion.chunk"),
  choices: z.array(z.object({
    index: z.int(),
    delta: z.object({
      role: z.literal("assistant").optional(),
      content: z.string().nullish(),
      tool_calls: z.array(toolCall.extend({ index: z.int() })).optional(),
      annotations: z.array(Annotation).optional(),
    }),
    logprobs: ChatLogprobs.nullable(),
    finish_reason: chatReason.nullable(),
  })),
  usage: Usage.nullish(),
}).openapi("ChatCompletionChunk");
export type ChatChunk = z.infer<typeof ChatChunk>;

const textChoice = z.object({
  index: z.int(),
  text: z.string(),
  logprobs: TextLogprobs.nullable(),
});

/** A whole plain answer. */
export const Completion = z.object({
  ...head,
  object: z.literal("text_completion"),
  choices: z.array(textChoice.extend({ finish_reason })),
  usage: Usage,
}).openapi("Completion");

/** One event of a streamed plain answer. */
export const CompletionChunk = z.object({
  ...head,
  object: z.literal("text_completion"),
  choices: z.array(textChoice.extend({ finish_reason: finish_reason.nullable() })),
  usage: Usage.nullish(),
}).openapi("CompletionChunk");
export type CompletionChunk = z.infer<typeof CompletionChunk>;
