/** What the core tells of itself, as zod for the document and the types. */
import { z } from "@hono/zod-openapi";

const stage = z.enum(["absent", "pulling", "importing", "opening", "ready", "failed"]);
const count = z.number().min(0);

/** HouseStatus of core/catalog/api.ts. */
export const HouseStatus = z.object({
  wanted: z.string(),
  serving: z.string().optional(),
  progress: z.object({
    model: z.string(),
    stage,
    done: count,
    total: count.openapi({ description: "0 while unknown" }),
    unit: z.enum(["bytes", "units"]),
    note: z.string().optional(),
  }),
}).openapi("HouseStatus");

/** ModelEntry of core/catalog/api.ts. */
export const ModelEntry = z.object({
  name: z.string(),
  title: z.string(),
  license: z.string(),
  use: z.enum(["chat", "embedding"]),
  sourceBytes: count,
  storeBytes: count,
  stage,
  memoryBytes: count,
}).openapi("ModelEntry");

const share = z.number().min(0).max(1);

const SpanReuse = z.object({
  span: count.openapi({ description: "Tokens the window looks back" }),
  hitRate: share,
  random: share.openapi({ description: "What a random set of the window's size hits" }),
  static: share.openapi({ description: "What the most used neurons, as many, hit" }),
  windowShare: share,
  newNeurons: count,
}).openapi("SpanReuse");

/** Reuse of neurons (experts) by neighbouring tokens, for the assistant that spoke last. */
const ReuseReport = z.object({
  assistant: z.string(),
  of: z.enum(["neurons", "experts"]).openapi({ description: "What is counted" }),
  tokens: count,
  restored: z.boolean(),
  spans: z.array(SpanReuse).readonly(),
  layers: z.array(SpanReuse).readonly().openapi({
    description: "By layer, for the previous token alone",
  }),
}).openapi("ReuseReport");

const Placement = z.object({ pinned: count, streamed: count });

/** Which weights answer, below exact. */
const ChoiceReport = z.object({
  expectedDivergence: z.number().openapi({ description: "KL from exact, nats a token" }),
  exact: Placement,
  coarse: Placement,
  key: z.string(),
}).openapi("ChoiceReport");

/** EngineReport of core/run/api.ts. */
export const EngineReport = z.object({
  model: z.string(),
  fidelity: z.enum(["exact", "balanced", "fast"]),
  choice: ChoiceReport.optional().openapi({ description: "Absent where all weights are exact" }),
  threads: count,
  budget: z.object({
    limit: count,
    pinned: count,
    window: count,
    staging: count,
    kv: count,
    activations: count,
    resident: count,
    lent: count.openapi({ description: "Of kv, what holds weights at the moment" }),
  }).openapi({ description: "Bytes; the parts add up to `limit` or less" }),
  counters: z.object({
    steps: count,
    tokens: count,
    bytesUsed: count,
    bytesRead: count,
    stepMs: count,
    waitMs: count,
    readMs: count,
    aheadBytesRead: count.openapi({ description: "Of bytesRead, experts read on a guess" }),
    aheadBytesUsed: count.openapi({ description: "Of those, experts that were then used" }),
  }).openapi({ description: "Since the start" }),
  reading: z.enum(["aio", "sync"]).openapi({
    description: "How flash is read: many reads in flight, or one at a time",
  }),
  running: count,
  waiting: count,
  kvBlocksUsed: count,
  kvBlocks: count,
  reuse: ReuseReport.optional().openapi({ description: "Absent until enough tokens were said" }),
}).openapi("EngineReport");

/** What a page that watches the core is told each second. */
export const CoreEvent = z.object({
  status: HouseStatus,
  report: EngineReport.nullable().openapi({ description: "null until a model answers" }),
}).openapi("CoreEvent");
