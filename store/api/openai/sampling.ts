/** From OpenAI's request fields to what the engine is asked for. */
import { type Engine, FlintError, type GenerateRequest, type Sampling } from "@flint/core";
import { given } from "../given.ts";
import type { ChatRequest, SharedRequest } from "./schema.ts";

/** The engine's seeds are 0..SEEDS - 1. */
const SEEDS = Number.MAX_SAFE_INTEGER;

/** Any JSON object: what `response_format: json_object` promises. */
const ANY_OBJECT = { type: "object" };

/** Sampling that the request names; the rest stays as the assistant or the engine has it. */
export function samplingOf(request: SharedRequest, vocabulary: number): Partial<Sampling> {
  return given({
    temperature: request.temperature,
    topP: request.top_p,
    seed: request.seed == null ? undefined : unsigned(request.seed),
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    logitBias: request.logit_bias ? biasOf(request.logit_bias, vocabulary) : undefined,
  });
}

/** Limits and stops that the request names. */
export function boundsOf(
  request: SharedRequest & { max_completion_tokens?: number | null | undefined },
): Pick<GenerateRequest, "maxTokens" | "stop"> {
  const { stop } = request;
  return given({
    maxTokens: request.max_completion_tokens ?? request.max_tokens,
    stop: typeof stop === "string" ? [stop] : stop,
  });
}

/** The schema that the answer must follow, if any. */
export function schemaOf({ response_format: format }: ChatRequest) {
  if (format?.type === "json_object") return { jsonSchema: ANY_OBJECT };
  if (format?.type === "json_schema") return { jsonSchema: format.json_schema.schema };
  return {};
}

/** Less to say where the context ends before: `max_tokens` is a bound, not a wish. */
export function fitted(
  request: GenerateRequest,
  { limits: { contextTokens } }: Engine,
): GenerateRequest {
  const room = Math.max(1, contextTokens - request.prompt.length);
  if (request.maxTokens === undefined || request.maxTokens <= room) return request;
  return { ...request, maxTokens: room };
}

/** Asks for `n` answers to one prompt: the first keeps the seed, the others follow it. */
export function repeated(request: GenerateRequest, n: number): GenerateRequest[] {
  const { seed } = request.sampling ?? {};
  return Array.from({ length: n }, (_, i) => {
    if (seed === undefined) return request;
    return { ...request, sampling: { ...request.sampling, seed: (seed + i) % SEEDS } };
  });
}

/** OpenAI's seeds are signed. */
const unsigned = (seed: number): number => seed < 0 ? seed + SEEDS : seed;

function biasOf(bias: Record<string, number>, vocabulary: number): Map<number, number> {
  const entries = Object.entries(bias).map(([id, value]) => [Number(id), value] as const);
  const unknown = entries.find(([id]) => id >= vocabulary);
  if (unknown) {
    throw new FlintError(
      "bad_input",
      `logit_bias names token ${unknown[0]}; this model's ids end at ${vocabulary - 1}`,
    );
  }
  return new Map(entries);
}
