/** The plugins' face: assistants, conversations and what they answer. */
export { commandLine } from "./command_line.ts";
export {
  AnswerStats,
  Assistant,
  ASSISTANT_DEFAULTS,
  AssistantDraft,
  AssistantPatch,
  CATEGORIES,
  ChatEvent,
  Conversation,
  LayerUse,
  Manifest,
  Message,
  MESSAGE_CHARS_MAX,
  OWNER,
  Sampling,
  Slug,
  SLUG_CHARS_MAX,
  Summary,
  ToolDecision,
  ToolGrant,
  ToolUse,
} from "./schema.ts";
export { diffManifest, FieldChange } from "./manifest_diff.ts";
export { given } from "./given.ts";
export { entriesOf, type ListPart, pageOf } from "./pages.ts";
export { parse } from "./parse.ts";
export { BoundedSink } from "./pieces.ts";
export { plainText } from "./plain_text.ts";
export { freeSlug, slugOf } from "./slug.ts";
export {
  type AssistantFilter,
  type AssistantList,
  openRegistry,
  type Registry,
  type VersionEntry,
  type VersionList,
} from "./registry.ts";
export {
  type ConversationList,
  type Conversations,
  type FoundConversation,
  MESSAGES_MAX,
  openConversations,
  ShelfDraft,
  type Shelves,
} from "./conversation.ts";
export {
  Fact,
  FACTS_MAX,
  FactText,
  type Memory,
  type MemoryKey,
  openMemory,
  Remembered,
} from "./memory.ts";
export { type AssistantNeeds, type Assistants, createAssistants } from "./assistant.ts";
export type { Prepared } from "./stateless.ts";
export type { TurnAsked, Turnstile, TurnUse, Visit, VisitOptions } from "./turnstile.ts";
export { isWaiting } from "./turn.ts";
export {
  DIMENSIONS,
  EMBED_TEXTS_MAX,
  EMBED_TOKENS_MAX,
  type Embedder,
  type Embeddings,
  openEmbedder,
} from "./knowledge/embed.ts";
export { importPackage } from "./formats/charx.ts";
export {
  type ExportedFile,
  exportFile,
  FILE_BYTES_MAX,
  FILE_FORMATS,
  importFile,
} from "./formats/file.ts";
export { exportAssistant, importAssistant, type Imported } from "./formats/format.ts";
export { type ApiAbout, type ApiAccess, Apis } from "./openapi/kind.ts";
export { ApiScheme } from "./openapi/reading.ts";
export { SCHEME_PARTS } from "./openapi/authorize.ts";
export { MASK, openSecrets, SecretParts, type Secrets } from "./secrets.ts";
export { Door } from "./tools/door.ts";
export { describeCode, sha256Of } from "./code/kind.ts";
export { type Ready, SOURCE_CHARS_MAX } from "./code/messages.ts";
export { BUILTIN_PLUGINS } from "./builtin/kind.ts";
export { pluginKinds, STANDING_PLUGINS } from "./tools/kinds.ts";
export { askAssistant, type AskNeeds, DEPTH_MAX } from "./ask.ts";
export { type Callable, type Callables, createCallables, findCallable } from "./callable.ts";
export { mcpKind } from "./tools/mcp/kind.ts";
export { ParkedCalls } from "./tools/mcp/parked.ts";
export { createMcpServer, type McpOffer } from "./tools/mcp/server.ts";
export { type Builder, openBuilder, SAID_CHARS_MAX } from "./builder/builder.ts";
export { DRAWINGS } from "./builder/avatars.ts";
export { categoryName } from "./builder/categories.ts";
export { LANGUAGE_TAGS, languageName } from "./builder/languages.ts";
export { BuilderEvent, BuilderSession, BuilderTurn } from "./builder/session_schema.ts";
export {
  callId,
  chooseTools,
  type Chosen,
  questioned,
  type ToolCall,
  type ToolFunction,
  type ToolWish,
  withTools,
} from "./tools/choice.ts";
export {
  callTool,
  previewTool,
  textResult,
  type Tool,
  ToolContent,
  type ToolContext,
  type ToolEffect,
  ToolName,
  ToolResult,
  type ToolValues,
} from "./tools/tool.ts";
export {
  type GrantedTool,
  type OpenPlugin,
  openToolbox,
  Plugin,
  PluginDraft,
  PluginPrompt,
  type PluginPrompts,
  type PluginType,
  PromptMessage,
  type Toolbox,
} from "./tools/toolbox.ts";
export { type Library, openLibrary, type SourceFile } from "./knowledge/library.ts";
export { bare, historyOf, parseQuestions, type Question } from "./knowledge/questions.ts";
export { Citation, SourceSpan } from "./knowledge/citation.ts";
export {
  IngestEvent,
  KnowledgeBase,
  KnowledgeDocument,
  KnowledgeDraft,
} from "./knowledge/schema.ts";
export { ALL_OFF, ALL_ON, lookUp } from "./knowledge/ask.ts";
export { READABLE, readFile as readKnowledgeFile, SOURCE_BYTES_MAX } from "./knowledge/read.ts";
export { tracer } from "./knowledge/trace.ts";
export { HeldAnswer, withheld } from "./knowledge/held.ts";
export {
  type Answered,
  answerOne,
  judge as judgeAnswer,
  scoresOf,
  scoreTable,
  WAYS,
} from "./knowledge/evaluate.ts";
export type { Hit } from "./knowledge/passage_index.ts";
export { packVectors, VectorTable } from "./knowledge/vectors.ts";
export { pairsOf, termsOf, wordsOf } from "./knowledge/terms.ts";
export { ledgerOf } from "./knowledge/ledger.ts";
export type { Ground } from "./knowledge/grounding.ts";
export { rankSentences } from "./knowledge/attention.ts";
