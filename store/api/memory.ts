/** /api/assistants/{id}/memory: what an assistant remembers about its user, all of it theirs to change. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  Fact,
  FactText,
  type Memory,
  type MemoryKey,
  Remembered,
  SLUG_CHARS_MAX,
} from "@flint/plugins";
import type { Context } from "hono";
import type { Usable } from "../market/usable.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Memory"];

const Id = z.object({
  id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
});
const IdFact = Id.extend({
  fact: z.uuid().openapi({ param: { name: "fact", in: "path" } }),
});

const read = createRoute({
  method: "get",
  path: "/{id}/memory",
  tags,
  summary: "Read what an assistant remembers about you",
  request: { params: Id },
  responses: { 200: json(Remembered, "Whether it remembers, and all facts"), ...problems },
});

const turn = createRoute({
  method: "patch",
  path: "/{id}/memory",
  tags,
  summary: "Turn an assistant's memory on or off",
  request: { params: Id, body: jsonBody(Remembered.pick({ enabled: true })) },
  responses: { 200: json(Remembered, "As it is now"), ...problems },
});

const clear = createRoute({
  method: "delete",
  path: "/{id}/memory",
  tags,
  summary: "Forget all facts and turn the memory off",
  request: { params: Id },
  responses: { 204: { description: "Forgotten" }, ...problems },
});

const add = createRoute({
  method: "post",
  path: "/{id}/memory/facts",
  tags,
  summary: "Add a fact",
  request: { params: Id, body: jsonBody(FactText) },
  responses: { 201: json(Fact, "The new fact"), ...problems },
});

const edit = createRoute({
  method: "patch",
  path: "/{id}/memory/facts/{fact}",
  tags,
  summary: "Edit a fact",
  request: { params: IdFact, body: jsonBody(FactText) },
  responses: { 200: json(Fact, "With its new text"), ...problems },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}/memory/facts/{fact}",
  tags,
  summary: "Remove a fact",
  request: { params: IdFact },
  responses: { 204: { description: "Removed" }, ...problems },
});

/** What the memory routes need. */
export interface MemoryDeps {
  readonly usable: Pick<Usable, "get">;
  readonly memory: Memory;
}

/** The memories' routes. */
export function createMemory({ usable, memory }: MemoryDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  // Of assistants that are there alone: "not_found" for others.
  const keyOf = (c: Context, { id }: { id: string }): MemoryKey => {
    const { id: user } = requireAccount(c);
    return { assistant: usable.get(id, user).id, user };
  };

  app.openapi(read, (c) => c.json(memory.get(keyOf(c, c.req.valid("param"))), 200));

  app.openapi(turn, async (c) => {
    const { enabled } = c.req.valid("json");
    return c.json(await memory.turn(keyOf(c, c.req.valid("param")), enabled), 200);
  });

  app.openapi(clear, async (c) => {
    await memory.clear(keyOf(c, c.req.valid("param")));
    return c.body(null, 204);
  });

  app.openapi(add, async (c) => {
    return c.json(await memory.add(keyOf(c, c.req.valid("param")), c.req.valid("json")), 201);
  });

  app.openapi(edit, async (c) => {
    const param = c.req.valid("param");
    return c.json(await memory.edit(keyOf(c, param), param.fact, c.req.valid("json")), 200);
  });

  app.openapi(remove, async (c) => {
    const param = c.req.valid("param");
    await memory.remove(keyOf(c, param), param.fact);
    return c.body(null, 204);
  });
  return app;
}
