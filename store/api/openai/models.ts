/** GET /v1/models: every name that the `model` field may hold. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { EMBEDDING_MODEL, type ModelHouse } from "@flint/core";
import type { Assistant } from "@flint/plugins";
import type { Usable } from "../../market/usable.ts";
import { json, openAiFailures } from "../describe.ts";
import { requireAccount } from "../identity.ts";

/** Assistants of one's own and installed ones, each; who has more reads /api/assistants by pages. */
const LISTED = 100;

const Model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int().openapi({ description: "Unix time, seconds" }),
  owned_by: z.string(),
}).openapi("Model");
type Model = z.infer<typeof Model>;

const list = createRoute({
  method: "get",
  path: "/models",
  tags: ["OpenAI"],
  summary: "List models",
  responses: {
    200: json(
      z.object({ object: z.literal("list"), data: z.array(Model) }),
      "The model that answers now, the embedding model, and every assistant",
    ),
    ...openAiFailures,
  },
});

const retrieve = createRoute({
  method: "get",
  path: "/models/{model}",
  tags: ["OpenAI"],
  summary: "Read a model",
  request: {
    params: z.object({ model: z.string().min(1).max(256) }),
  },
  responses: { 200: json(Model, "The model"), ...openAiFailures },
});

/** What the model routes need. */
export interface ModelDeps {
  readonly house: ModelHouse;
  readonly usable: Usable;
}

/** The list and its entries. */
export function createModels({ house, usable }: ModelDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(list, (c) => {
    const data = [...models(house), ...usable.list(requireAccount(c).id, LISTED).map(assistant)];
    return c.json({ object: "list" as const, data }, 200);
  });
  app.openapi(retrieve, (c) => {
    const { model: id } = c.req.valid("param");
    const core = [...models(house)].find((model) => model.id === id);
    return c.json(core ?? assistant(usable.get(id, requireAccount(c).id)), 200);
  });
  return app;
}

function* models(house: ModelHouse): Generator<Model> {
  // Its files say no time.
  yield { id: EMBEDDING_MODEL, object: "model", created: 0, owned_by: "flint" };
  if (house.status().serving === undefined) return;
  const { name, importedAt } = house.engine().card;
  yield { id: name, object: "model", created: seconds(importedAt), owned_by: "flint" };
}

const assistant = ({ id, createdAt }: Assistant): Model => ({
  id,
  object: "model",
  created: seconds(createdAt),
  owned_by: "flint",
});

const seconds = (iso: string): number => Math.floor(Date.parse(iso) / 1000);
