/** Everything under /v1: what OpenAI's clients expect of a server. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Embedder } from "@flint/plugins";
import { createChat } from "./chat.ts";
import { createCompletions } from "./completions.ts";
import { createEmbeddings } from "./embeddings.ts";
import { createModels } from "./models.ts";
import { createSpeakers, type SpeakerDeps } from "./speaker.ts";

/** What the OpenAI routes need. */
export interface OpenAiDeps extends SpeakerDeps {
  readonly embedder: Embedder;
}

/** OpenAI's routes over assistants, the bare model and the embedder. */
export function createOpenAi(deps: OpenAiDeps): OpenAPIHono {
  const speakers = createSpeakers(deps);
  const app = new OpenAPIHono();
  app.route("/", createModels(deps));
  app.route("/", createChat({ speakers }));
  app.route("/", createCompletions({ speakers }));
  app.route("/", createEmbeddings(deps));
  return app;
}
