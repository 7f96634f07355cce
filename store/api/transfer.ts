/** /api/assistants/import and .../export: assistants as files of the formats others use. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  Assistant,
  exportFile,
  FILE_FORMATS,
  importPackage,
  type Registry,
  SLUG_CHARS_MAX,
} from "@flint/plugins";
import { attachment } from "./attachment.ts";
import { json, problems } from "./describe.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Assistants"];

const file = { schema: z.string().openapi({ format: "binary" }) };

const Imported = z.object({
  imported: z.array(z.object({ format: z.string(), assistant: Assistant })),
}).openapi("ImportedAssistants");

const bring = createRoute({
  method: "post",
  path: "/import",
  tags,
  summary: "Make assistants of a file",
  description:
    "The body is the file itself, of any content type: a character card (JSON, PNG or CharX), " +
    "a Lobe agent, an OpenAI assistant, a GPT configuration, an Open WebUI export, a Modelfile, " +
    "or a list of such documents. All are read before the first is made.",
  request: {
    query: z.object({
      name: z.string().max(255).optional().openapi({
        description: "The file's name, for formats without one of their own",
      }),
    }),
    body: {
      required: true,
      content: {
        "application/json": { schema: z.unknown() },
        "application/octet-stream": file,
        "image/png": file,
        "text/plain": file,
      },
    },
  },
  responses: { 201: json(Imported, "The new assistants, in the file's order"), ...problems },
});

const take = createRoute({
  method: "get",
  path: "/{id}/export",
  tags,
  summary: "Write an assistant to a file",
  request: {
    params: z.object({
      id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
    }),
    query: z.object({
      as: z.enum(FILE_FORMATS as [string, ...string[]]).openapi({
        description: "The format; plugins/README.md says what each can't carry",
      }),
    }),
  },
  responses: {
    200: {
      description: "The file, to be saved",
      content: {
        "application/json": { schema: z.unknown() },
        "image/png": file,
        "text/plain": file,
      },
    },
    ...problems,
  },
});

/** Routes that move assistants in and out. */
export function createTransfer({ registry }: { registry: Registry }): OpenAPIHono {
  const app = new OpenAPIHono();

  app.openapi(bring, async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    const found = await importPackage(bytes, c.req.valid("query").name ?? "assistant");
    const imported = [];
    for (const { format, draft } of found) {
      imported.push({ format, assistant: await registry.create(draft, requireAccount(c).id) });
    }
    return c.json({ imported }, 201);
  });

  app.openapi(take, (c) => {
    const assistant = registry.get(c.req.valid("param").id);
    const { bytes, type, name } = exportFile(assistant, c.req.valid("query").as);
    return c.body(bytes, 200, attachment(name, type));
  });
  return app;
}
