/** POST /v1/embeddings: texts in, vectors of meaning out. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { Buffer } from "node:buffer";
import { EMBEDDING_MODEL, FlintError } from "@flint/core";
import { DIMENSIONS, type Embedder } from "@flint/plugins";
import { json, jsonBody, openAiFailures } from "../describe.ts";
import { EmbeddingRequest } from "./schema.ts";

const EmbeddingList = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    object: z.literal("embedding"),
    index: z.int(),
    embedding: z.union([z.array(z.number()), z.string()]).openapi({
      description: "Numbers, or (base64) the bytes of little-endian 32-bit floats",
    }),
  })),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
}).openapi("EmbeddingList");

const route = createRoute({
  method: "post",
  path: "/embeddings",
  tags: ["OpenAI"],
  summary: "Embed texts",
  description:
    `Vectors of ${DIMENSIONS} numbers and unit length; of a long text its beginning counts.`,
  request: { body: jsonBody(EmbeddingRequest) },
  responses: { 200: json(EmbeddingList, "A vector for each text, in order"), ...openAiFailures },
});

/** Embeddings by the one embedding model there is. */
export function createEmbeddings({ embedder }: { embedder: Embedder }): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (c) => {
    const { model, input, encoding_format: format } = c.req.valid("json");
    if (model !== EMBEDDING_MODEL) {
      throw new FlintError(
        "not_found",
        `"${model}" makes no embeddings; "${EMBEDDING_MODEL}" does`,
      );
    }
    const texts = typeof input === "string" ? [input] : input as string[];
    const { vectors, tokens } = await embedder.embed(texts, c.req.raw.signal);
    return c.json({
      object: "list" as const,
      model,
      data: vectors.map((vector, index) => ({
        object: "embedding" as const,
        index,
        embedding: format === "base64" ? base64(vector) : [...vector],
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }, 200);
  });
  return app;
}

/** Every machine that runs Flint is little-endian, as WebAssembly's memory is. */
const base64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
