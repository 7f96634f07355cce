/** What OpenAI's clients send, as zod: unknown fields are ignored, wrong ones named. */
import { z } from "@hono/zod-openapi";
import { DIMENSIONS, EMBED_TEXTS_MAX } from "@flint/plugins";

/** Answers to one prompt. */
const N_MAX = 4;
/** Answers of one request, over all its prompts: each is a sequence of the one core. */
const CHOICES_MAX = 16;

/** Messages of one request; a longer talk fits no context. */
const MESSAGES_MAX = 1024;

/** Characters of one text; the body's own limit is near. */
const TEXT_MAX = 1024 * 1024;

const text = z.string().max(TEXT_MAX);

const textPart = z.object({ type: z.literal("text"), text });

/** Parts that are known and refused say so by name; others are malformed. */
const otherPart = z.object({
  type: z.enum(["image_url", "input_audio", "file", "refusal"]),
}).superRefine(({ type }, context) => {
  context.addIssue({
    code: "custom",
    path: ["type"],
    message: `parts of type "${type}" are not read yet; send text`,
  });
});

const content = z.union([
  text,
  z.array(z.discriminatedUnion("type", [textPart, otherPart])).min(1).max(MESSAGES_MAX),
]).openapi({ description: "Text, or parts of type `text`." });

const toolCall = z.object({
  id: z.string().max(256),
  type: z.literal("function"),
  function: z.object({ name: z.string().max(256), arguments: text }),
});

/** One message of a chat. `developer` is `system` by its newer name. */
export const Message = z.discriminatedUnion("role", [
  z.object({
    role: z.enum(["system", "developer"]),
    content,
    name: z.string().max(256).optional(),
  }),
  z.object({ role: z.literal("user"), content, name: z.string().max(256).optional() }),
  z.object({
    role: z.literal("assistant"),
    content: content.nullish(),
    name: z.string().max(256).optional(),
    tool_calls: z.array(toolCall).max(128).nullish(),
  }).refine((m) => m.content != null || (m.tool_calls?.length ?? 0) > 0, {
    path: ["content"],
    message: "an assistant's message has content or tool_calls",
  }),
  z.object({ role: z.literal("tool"), content, tool_call_id: z.string().max(256) }),
]).openapi("ChatMessage");
export type Message = z.infer<typeof Message>;

/** Fields that chat and plain completions share; all null-able, as OpenAI's are. */
const shared = {
  model: z.string().min(1).max(256).openapi({
    description: "An assistant's id, or the name of the model itself.",
  }),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(N_MAX).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(4)]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(
    z.string().regex(/^\d{1,9}$/, "the keys are token ids"),
    z.number().min(-100).max(100),
  ).refine((bias) => Object.keys(bias).length <= 1024, "at most 1024 tokens").nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().max(256).nullish(),
};

const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string().regex(/^[\w-]{1,64}$/, "letters, digits, _ and -, at most 64"),
      description: text.nullish(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const tool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string().regex(/^[\w-]{1,64}$/, "letters, digits, _ and -, at most 64"),
    description: text.nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
});

/** POST /v1/chat/completions */
export const ChatRequest = z.object({
  ...shared,
  messages: z.array(Message).min(1).max(MESSAGES_MAX),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: responseFormat.nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z.union([
    z.enum(["none", "auto", "required"]),
    z.object({ type: z.literal("function"), function: z.object({ name: z.string().max(64) }) }),
  ]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
}).refine((r) => r.top_logprobs == null || r.logprobs === true, {
  path: ["top_logprobs"],
  message: "needs logprobs: true",
}).refine((r) => r.tools?.length || r.tool_choice == null || r.tool_choice === "none", {
  path: ["tool_choice"],
  message: "is only allowed with tools",
}).refine((r) => !r.tools?.length || (r.n ?? 1) === 1, {
  path: ["n"],
  message: "is 1 with tools: one answer decides what is called",
}).openapi("ChatCompletionRequest");
export type ChatRequest = z.infer<typeof ChatRequest>;

const tokens = z.array(z.int().min(0)).min(1).max(TEXT_MAX);

/** POST /v1/completions */
export const CompletionRequest = z.object({
  ...shared,
  prompt: z.union([
    text,
    tokens,
    z.array(text).min(1).max(CHOICES_MAX),
    z.array(tokens).min(1).max(CHOICES_MAX),
  ])
    .openapi({
      description: "One prompt or up to 16, as text (control tokens are read) or token ids.",
    }),
  logprobs: z.int().min(0).max(5).nullish(),
  echo: z.boolean().nullish().refine((echo) => !echo, "the prompt is not echoed yet"),
  suffix: text.nullish().refine((suffix) => !suffix, "text is not inserted before a suffix yet"),
  best_of: z.int().min(1).max(20).nullish()
    .refine((best) => (best ?? 1) === 1, "only 1: every choice that is computed is returned"),
}).refine((r) => promptCount(r.prompt) * (r.n ?? 1) <= CHOICES_MAX, {
  path: ["prompt"],
  message: `at most ${CHOICES_MAX} answers in one request: fewer prompts, or a smaller n`,
}).openapi("CompletionRequest");
const promptCount = (prompt: string | readonly unknown[]) =>
  typeof prompt === "string" || typeof prompt[0] === "number" ? 1 : prompt.length;
export type CompletionRequest = z.infer<typeof CompletionRequest>;
/** What both kinds of completion ask of the sampler. */
export type SharedRequest = Pick<CompletionRequest, keyof typeof shared>;

/** POST /v1/embeddings */
export const EmbeddingRequest = z.object({
  model: shared.model.openapi({ description: "The embedding model's name." }),
  input: z.union([
    text.min(1),
    z.array(text.min(1)).min(1).max(EMBED_TEXTS_MAX),
    z.array(z.union([z.int(), z.array(z.int())])).min(1).refine(
      () => false,
      "token ids of another model mean nothing here; send text",
    ),
  ]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().nullish().refine(
    (wanted) => wanted == null || wanted === DIMENSIONS,
    `this model's vectors have ${DIMENSIONS} numbers`,
  ),
  user: z.string().max(256).nullish(),
}).openapi("EmbeddingRequest");
