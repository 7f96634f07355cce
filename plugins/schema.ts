/** The shapes that are stored and sent: assistants, conversations, messages and chat events. */
import { z } from "zod";
import { Citation } from "./knowledge/citation.ts";
import { plainText } from "./plain_text.ts";
import { Json, ToolName, ToolResult } from "./tools/tool.ts";

/** Shelves of the store. */
export const CATEGORIES = [
  "writing",
  "productivity",
  "research",
  "programming",
  "education",
  "lifestyle",
  "design",
  "language",
  "finance",
  "customer-support",
  "market-analysis",
  "health",
  "games",
  "other",
] as const;

/** Letters and digits of any script, in words joined by single hyphens; it is a URL part and a model name. */
const SLUG =
  /^[\p{Ll}\p{Lo}\p{Lm}\p{N}][\p{Ll}\p{Lo}\p{Lm}\p{N}\p{M}]*(-[\p{Ll}\p{Lo}\p{Lm}\p{N}\p{M}]+)*$/u;
export const SLUG_CHARS_MAX = 64;
/** Above the longest that agents of other apps bring along (60 KB); what a window holds is for the prompt to say. */
export const INSTRUCTIONS_CHARS_MAX = 100_000;
/** The account of whoever runs this machine. */
export const OWNER = "owner";
/** Longest text a user can send in one message. */
export const MESSAGE_CHARS_MAX = 32_000;
/** Longest answer kept: 32,768 tokens of 16 characters, more than any tokenizer averages. */
const CONTENT_CHARS_MAX = 524_288;
/** Sentences of an answer that are traced. */
const CITATIONS_MAX = 5000;
/** Documents that other formats brought along; the largest agent seen in the wild has 60 KB. */
const EXTRA_CHARS_MAX = 256_000;

/** Lower-case words joined by hyphens. */
export const Slug = z.string().max(SLUG_CHARS_MAX).regex(
  SLUG,
  "must be lower-case words joined by hyphens, such as spell-coach",
);
const language = z.string().max(35)
  .refine(isLanguage, {
    message: "must be a BCP 47 language tag, such as en or zh-CN",
    abort: true,
  })
  .overwrite((tag) => Intl.getCanonicalLocales(tag)[0]!);
const tag = plainText(1, 40);
const avatar = z.string().min(1).max(64).refine(
  isAvatar,
  "must be one or two emoji, or svg: and the name of a drawing, such as svg:owl",
);

/** How the next words are chosen; what is left out follows the engine's defaults. */
export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(2).meta({ description: "0 always takes the likeliest word" }),
  topP: z.number().min(0).max(1).meta({ description: "Keep the likeliest words up to this share" }),
  topK: z.int().min(0).max(1000).meta({ description: "Keep the k likeliest tokens; 0 keeps all" }),
  minP: z.number().min(0).max(1).meta({
    description: "Drop words this much less likely than the best",
  }),
  repetitionPenalty: z.number().min(0.5).max(2).meta({ description: "1 = off" }),
  maxTokens: z.int().min(1).max(32_768).meta({ description: "Longest answer" }),
}).partial();
export type Sampling = z.infer<typeof Sampling>;

/** A plugin whose tools an assistant may use. */
export const ToolGrant = z.strictObject({
  plugin: Slug.meta({ description: "Id of the plugin" }),
  tools: z.array(z.string().min(1).max(64)).max(256).optional()
    .meta({ description: "Names of the tools it may use; all of the plugin's unless given" }),
  ask: z.enum(["always", "once", "never"]).optional().meta({
    description:
      "When the user is asked before a call: each time, once in a conversation, never. " +
      "Unless given: always where something is changed, once where others are asked, else never",
  }),
}).meta({ id: "ToolGrant" });
export type ToolGrant = z.infer<typeof ToolGrant>;

/** An assistant: the manifest that people write, share and install. */
export const Assistant = z.strictObject({
  id: Slug.meta({ description: "Name in URLs and in the `model` field of /v1" }),
  name: plainText(1, 80).meta({ description: "What people call it" }),
  description: plainText(0, 1000, { lines: true }).meta({ description: "What it does for whom" }),
  instructions: plainText(1, INSTRUCTIONS_CHARS_MAX, { lines: true })
    .meta({ description: "What the assistant is told before every conversation" }),
  starters: z.array(plainText(1, 500, { lines: true })).max(8)
    .meta({ description: "First messages to offer" }),
  category: z.enum(CATEGORIES).meta({ description: "Shelf of the store" }),
  language: language.meta({
    description: "Language it answers in (BCP 47)",
    examples: ["en", "zh-CN"],
  }),
  tags: z.array(tag).max(16).meta({ description: "Words to find it by" }),
  avatar: avatar.meta({ description: "Emoji, or svg:NAME", examples: ["🪶"] }),
  model: z.string().max(64).regex(
    /^[a-z0-9][a-z0-9._-]*$/,
    'must be "default" or a model\'s name as `flint models` shows it',
  ).meta({ description: "The model it wants" }),
  sampling: Sampling,
  tools: z.array(ToolGrant).max(64).meta({ description: "Plugins it may use" }),
  knowledge: z.array(Slug).max(16).meta({
    description: "Collections of documents it answers from",
  }),
  grounding: z.enum(["mark", "withhold"]).meta({
    description: "What becomes of what its documents don't support: it is marked, or left unsaid",
  }),
  visibility: z.enum(["private", "link", "public"]).meta({ description: "Who may find it" }),
  extra: z.record(z.string(), z.unknown()).refine(
    (bag) => JSON.stringify(bag).length <= EXTRA_CHARS_MAX,
    `must be at most ${EXTRA_CHARS_MAX} characters of JSON`,
  ).meta({ description: "By format: what an imported file said and a manifest has no field for" }),
  version: z.int().min(1).meta({ description: "Grows by one with each change" }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}).meta({ id: "Assistant" });
export type Assistant = z.infer<typeof Assistant>;

/** The fields that Flint, not the author, decides. */
const KEPT = { version: true, createdAt: true, updatedAt: true } as const;

/** What an author sends to make an assistant: name and instructions, and whatever else they wish. */
export const AssistantDraft = Assistant.omit(KEPT).partial()
  .extend({ name: Assistant.shape.name, instructions: Assistant.shape.instructions })
  .meta({ id: "AssistantDraft" });
export type AssistantDraft = z.infer<typeof AssistantDraft>;

/** All that an author writes: an assistant without what a store adds to it. */
export const Manifest = Assistant.omit({ ...KEPT, id: true }).meta({ id: "Manifest" });
export type Manifest = z.infer<typeof Manifest>;

/** What an author sends to change an assistant: the fields to replace, each as a whole. */
export const AssistantPatch = Manifest.partial().meta({ id: "AssistantPatch" });
export type AssistantPatch = z.infer<typeof AssistantPatch>;

/** Everything a draft may leave out, as it is then. */
export const ASSISTANT_DEFAULTS: Omit<
  Assistant,
  "id" | "name" | "instructions" | keyof typeof KEPT
> = {
  description: "",
  starters: [],
  category: "other",
  language: "en",
  tags: [],
  avatar: "💬",
  model: "default",
  sampling: {},
  tools: [],
  knowledge: [],
  grounding: "mark",
  visibility: "private",
  extra: {},
};

/** A layer of a prompt: what it took of the context, and what was cut of it. */
export const LayerUse = z.strictObject({
  layer: z.enum([
    "instructions",
    "tools",
    "rules",
    "memory",
    "earlier",
    "knowledge",
    "conversation",
  ]),
  tokens: z.int().min(0),
  budget: z.int().min(0).meta({ description: "Tokens it might have taken" }),
  shown: z.int().min(0).meta({
    description: "Characters of instructions, facts of the memory, passages of the knowledge, " +
      "messages that `earlier` sums up, messages of the conversation",
  }),
  cut: z.int().min(0).meta({ description: "As many were left out" }),
}).meta({ id: "LayerUse" });
export type LayerUse = z.infer<typeof LayerUse>;

/** What one answer cost; see core's Usage and Speed for the units. */
export const AnswerStats = z.strictObject({
  model: z.string(),
  fidelity: z.enum(["exact", "balanced", "fast"]),
  promptTokens: z.int(),
  cachedTokens: z.int(),
  completionTokens: z.int(),
  /** Messages at the beginning of the conversation that were neither shown nor summed up. */
  droppedMessages: z.int(),
  /** What the model was shown; absent from answers of older versions. */
  layers: z.array(LayerUse).readonly().optional(),
  firstTokenMs: z.number(),
  tokensPerSecond: z.number(),
  hitRate: z.number(),
  bytesReadPerToken: z.number(),
}).meta({ id: "AnswerStats" });
export type AnswerStats = z.infer<typeof AnswerStats>;

/** Calls of one answer, kept with it. */
const USES_MAX = 64;

/** What was decided about a call that had to be asked for; "expired": nobody decided in time. */
export const ToolDecision = z.enum(["allow", "allow_conversation", "deny", "expired"])
  .meta({ id: "ToolDecision" });
export type ToolDecision = z.infer<typeof ToolDecision>;

/**
 * One call of a tool in an answer, as far as it got. It waits while `ask` is there and `decision` is
 * not; has run once `result` is there; was under way when neither holds nor it was denied.
 */
export const ToolUse = z.strictObject({
  id: z.string().regex(/^call_[0-9a-f]{24}$/),
  plugin: Slug.meta({ description: "Id of the plugin" }),
  tool: ToolName.meta({ description: "The tool's name in its plugin" }),
  name: ToolName.meta({ description: "Its name among the assistant's tools" }),
  arguments: z.record(z.string(), Json),
  step: z.int().min(0).meta({
    description: "Which round of calls it belongs to: those of one round were wanted at once",
  }),
  ask: z.enum(["always", "once"]).optional()
    .meta({ description: "There where the user is asked first; once: they may allow all others" }),
  decision: ToolDecision.optional(),
  result: ToolResult.optional(),
}).meta({ id: "ToolUse" });
export type ToolUse = z.infer<typeof ToolUse>;

/** One turn of a conversation. */
export const Message = z.strictObject({
  /** Position in the conversation, from 0. */
  index: z.int().min(0),
  role: z.enum(["user", "assistant"]),
  content: z.string().max(CONTENT_CHARS_MAX),
  createdAt: z.iso.datetime(),
  /**
   * Of answers: why it ended. "failed" keeps what was said before the failure; "waiting": a call
   * needs the user's decision, and the answer goes on with it.
   */
  end: z.enum(["stop", "length", "cancelled", "failed", "waiting"]).optional(),
  /** Of answers: the tools it called before it spoke. */
  calls: z.array(ToolUse).max(USES_MAX).optional(),
  /** Of answers from documents: each sentence, with what supports it. */
  citations: z.array(Citation).max(CITATIONS_MAX).optional(),
  stats: AnswerStats.optional(),
}).meta({ id: "Message" });
export type Message = z.infer<typeof Message>;

/** A chat with one assistant; its messages are kept beside it. */
export const Conversation = z.strictObject({
  id: z.uuid(),
  assistantId: Slug,
  account: Slug.default(OWNER).meta({ description: "Whose it is" }),
  title: plainText(0, 120).meta({
    description: "Of the first message unless renamed; may be empty",
  }),
  messages: z.int().min(0).meta({ description: "How many there are" }),
  pinned: z.literal(true).optional().meta({ description: "Kept at the top of the list" }),
  folder: plainText(1, 40).optional().meta({ description: "Name of the folder it lies in" }),
  branchOf: z.strictObject({ id: z.uuid(), messages: z.int().min(0) }).optional().meta({
    description: "The conversation whose first messages it began with",
  }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}).meta({ id: "Conversation" });
export type Conversation = z.infer<typeof Conversation>;

/** Notes on a conversation's older turns, which the model is shown in place of them. */
export const Summary = z.strictObject({
  text: z.string().min(1).max(8000),
  until: z.int().min(1).meta({
    description: "How many messages, from the first, it tells of; a user's message follows",
  }),
  by: z.enum(["model", "extract"]).meta({
    description: "Written by the model, or made of the messages' own first sentences",
  }),
}).meta({ id: "Summary" });
export type Summary = z.infer<typeof Summary>;

/**
 * What a reply yields: what tools do, then tokens, then stats, then done; or, at any point, error as
 * the last. A reply that needs a decision is done for now: its message ends in "waiting".
 */
export const ChatEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("missing").meta({ description: "Granted plugins that do not open now" }),
    plugins: z.array(z.string()),
  }),
  z.strictObject({
    type: z.literal("tool_call").meta({ description: "A call begins" }),
    call: ToolUse,
  }),
  z.strictObject({
    type: z.literal("approval").meta({ description: "A call waits for the user's decision" }),
    call: ToolUse,
  }),
  z.strictObject({
    type: z.literal("progress").meta({ description: "What a running call is doing" }),
    call: z.string(),
    text: z.string(),
  }),
  z.strictObject({
    type: z.literal("question").meta({
      description: "A running call asks for values of a schema; it goes on with the answer",
    }),
    question: z.uuid(),
    call: z.string(),
    text: z.string(),
    schema: z.record(z.string(), Json),
  }),
  z.strictObject({
    type: z.literal("tool_result").meta({ description: "A call has run, or was refused" }),
    call: ToolUse,
  }),
  z.strictObject({ type: z.literal("token"), text: z.string() }),
  z.strictObject({ type: z.literal("stats"), stats: AnswerStats }),
  z.strictObject({ type: z.literal("done"), message: Message }),
  z.strictObject({ type: z.literal("error"), code: z.string(), message: z.string() }),
]).meta({ id: "ChatEvent" });
export type ChatEvent = z.infer<typeof ChatEvent>;

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false; // the only failure there is: not a well-formed tag
  }
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

function isAvatar(avatar: string): boolean {
  if (/^svg:[a-z0-9-]+$/.test(avatar)) return true;
  const signs = [...graphemes.segment(avatar)].map(({ segment }) => segment);
  const isEmoji = (sign: string) =>
    /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(sign);
  return signs.length <= 2 && signs.every(isEmoji);
}
