/** /plugins/{assistant}/{tool}: every tool of every assistant, called by programs without a chat. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { type Callables, findCallable, SLUG_CHARS_MAX, ToolResult } from "@flint/plugins";
import { json, problems } from "./describe.ts";

const Params = z.object({
  assistant: z.string().min(1).max(SLUG_CHARS_MAX)
    .openapi({ param: { name: "assistant", in: "path" } }),
  tool: z.string().min(1).max(64).openapi({ param: { name: "tool", in: "path" } }),
});

/** What a call's description says of approval, wherever calls are described. */
export const APPROVAL =
  "The call is the approval: nobody is asked, whatever the assistant's grants say of its chats.";

const invoke = createRoute({
  method: "post",
  path: "/{assistant}/{tool}",
  tags: ["Tools"],
  summary: "Call a tool of an assistant, or ask the assistant itself",
  description:
    "The body holds the tool's arguments, a JSON object; none means {}. The tool `ask` " +
    `takes a message and answers as the assistant. ${APPROVAL}`,
  request: {
    params: Params,
    body: {
      required: false,
      content: { "application/json": { schema: z.record(z.string(), z.unknown()) } },
    },
  },
  responses: {
    200: json(ToolResult, "What the tool answers"),
    422: json(ToolResult, "The tool ran and could not do it; the content says why"),
    ...problems,
  },
});

/** What the routes need. */
export interface InvokeDeps {
  readonly callables: Callables;
}

/** The routes. */
export function createInvoke({ callables }: InvokeDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(invoke, async (c) => {
    const { assistant, tool } = c.req.valid("param");
    const callable = await findCallable(callables, assistant, tool);
    const values = await argumentsOf(c.req.raw, () => c.req.json());
    const result = await callables.call(callable, values, { signal: c.req.raw.signal });
    return result.failed ? c.json(result, 422) : c.json(result, 200);
  });
  return app;
}

/** The body as arguments: what it holds is for the tool's schema to judge. */
async function argumentsOf(request: Request, read: () => Promise<unknown>): Promise<unknown> {
  const type = request.headers.get("content-type");
  if (type?.includes("json")) return await read();
  if (request.body === null || request.headers.get("content-length") === "0") return {};
  throw new HTTPException(415, {
    message: `a tool's arguments are JSON, not ${type ?? "untyped"}`,
  });
}
