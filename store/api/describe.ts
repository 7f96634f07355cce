/** The parts every route's description shares, so that each says only what is its own. */
import type { z } from "@hono/zod-openapi";
import { OpenAiError, Problem } from "./errors.ts";

/** A required JSON body. */
export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { "application/json": { schema } },
} as const);

/** A JSON answer. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
} as const);

/** A stream of events whose `data` is JSON of this schema. */
export const events = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "text/event-stream": { schema } },
} as const);

/** How routes under /v1 refuse. */
export const openAiFailures = {
  "4XX": { description: "Refused", content: { "application/json": { schema: OpenAiError } } },
  "5XX": { description: "Failed", content: { "application/json": { schema: OpenAiError } } },
} as const;

/** How all other routes refuse. */
export const problems = {
  "4XX": { description: "Refused", content: { "application/problem+json": { schema: Problem } } },
  "5XX": { description: "Failed", content: { "application/problem+json": { schema: Problem } } },
} as const;
