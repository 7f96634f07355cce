/** /api/plugins/{id}/prompts: messages that plugins offer people to begin with. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { FlintError } from "@flint/core";
import {
  PluginPrompt,
  type PluginPrompts,
  PromptMessage,
  SLUG_CHARS_MAX,
  type Toolbox,
} from "@flint/plugins";
import { json, jsonBody, problems } from "./describe.ts";

const Id = z.object({
  id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
});
/** Values of a prompt's arguments by their names. */
export const PromptValues = z.record(z.string().max(100), z.string().max(20_000));

const Prompts = z.object({ prompts: z.array(PluginPrompt) });
const Messages = z.object({ messages: z.array(PromptMessage) });

const list = createRoute({
  method: "get",
  path: "/{id}/prompts",
  tags: ["Plugins"],
  summary: "List the prompts of a plugin",
  request: { params: Id },
  responses: { 200: json(Prompts, "Its prompts; none for most kinds"), ...problems },
});

const fill = createRoute({
  method: "post",
  path: "/{id}/prompts",
  tags: ["Plugins"],
  summary: "Fill in a prompt",
  request: {
    params: Id,
    body: jsonBody(z.object({ name: z.string().min(1).max(200), values: PromptValues.optional() })),
  },
  responses: { 200: json(Messages, "Its messages"), ...problems },
});

/** What the routes need. */
export interface PromptDeps {
  readonly toolbox: Pick<Toolbox, "prompts">;
}

/** The routes. */
export function createPrompts({ toolbox }: PromptDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(list, async (c) => {
    const prompts = await toolbox.prompts(c.req.valid("param").id);
    return c.json({ prompts: await prompts?.list() ?? [] }, 200);
  });
  app.openapi(fill, async (c) => {
    const { id } = c.req.valid("param"), { name, values = {} } = c.req.valid("json");
    const messages = await (await promptsOf(toolbox, id)).fill(name, values);
    return c.json({ messages } satisfies z.infer<typeof Messages>, 200);
  });
  return app;
}

/** A plugin's prompts. @throws FlintError not_found where its kind has none */
export async function promptsOf(
  toolbox: Pick<Toolbox, "prompts">,
  id: string,
): Promise<PluginPrompts> {
  const prompts = await toolbox.prompts(id);
  if (prompts) return prompts;
  throw new FlintError("not_found", `${id} has no prompts`);
}
