/** /api/assistants: the registry over HTTP. A change names the version it was made from. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { FlintError } from "@flint/core";
import {
  Assistant,
  AssistantDraft,
  AssistantPatch,
  CATEGORIES,
  diffManifest,
  FieldChange,
  type Memory,
  type Registry,
  SLUG_CHARS_MAX,
} from "@flint/plugins";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Assistants"];

const Id = z.object({
  id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
});

const IfMatch = z.object({
  "if-match": z.string().max(100).optional().openapi({
    description: "The ETag of the version that was changed, or * to overwrite whatever is there",
  }),
});

const Filter = z.object({
  category: z.enum(CATEGORIES).optional(),
  language: z.string().max(35).optional(),
  tag: z.string().max(40).optional(),
  visibility: Assistant.shape.visibility.optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
  cursor: z.string().max(1024).optional(),
});

const AssistantList = z.object({
  assistants: z.array(Assistant),
  next: z.string().optional().openapi({ description: "`cursor` of the following page" }),
}).openapi("AssistantList");

const VersionList = z.object({
  entries: z.array(z.object({
    version: z.int(),
    updatedAt: z.string(),
    author: z.string(),
    changed: z.array(z.string()),
  })),
  next: z.string().optional(),
}).openapi("VersionList");

const IdVersion = Id.extend({ version: z.coerce.number().int().min(1) });

const ManifestDiff = z.object({
  from: z.int(),
  to: z.int(),
  changes: z.array(FieldChange),
}).openapi("ManifestDiff");

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List assistants",
  request: { query: Filter },
  responses: { 200: json(AssistantList, "Some assistants, by id"), ...problems },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Make an assistant",
  request: { body: jsonBody(AssistantDraft) },
  responses: { 201: json(Assistant, "The new assistant"), ...problems },
});

const read = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "Read an assistant",
  request: { params: Id },
  responses: {
    200: json(Assistant, "The assistant; its ETag is its version"),
    304: { description: "Still the version named by If-None-Match" },
    ...problems,
  },
});

const change = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Replace some fields of an assistant",
  request: { params: Id, headers: IfMatch, body: jsonBody(AssistantPatch) },
  responses: { 200: json(Assistant, "The new version"), ...problems },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove an assistant",
  request: { params: Id, headers: IfMatch },
  responses: { 204: { description: "Removed; its id stays taken" }, ...problems },
});

const versions = createRoute({
  method: "get",
  path: "/{id}/versions",
  tags,
  summary: "List the versions of an assistant",
  request: { params: Id, query: Filter.pick({ cursor: true }) },
  responses: { 200: json(VersionList, "Newest first"), ...problems },
});

const version = createRoute({
  method: "get",
  path: "/{id}/versions/{version}",
  tags,
  summary: "Read an old version",
  request: { params: IdVersion },
  responses: { 200: json(Assistant, "The assistant as it was"), ...problems },
});

const diff = createRoute({
  method: "get",
  path: "/{id}/versions/{version}/diff",
  tags,
  summary: "Tell what differs between two versions, field by field",
  request: {
    params: IdVersion,
    query: z.object({
      from: z.coerce.number().int().min(1).optional().openapi({
        description: "The version to compare with; default: the one before",
      }),
    }),
  },
  responses: { 200: json(ManifestDiff, "The fields that differ"), ...problems },
});

const restore = createRoute({
  method: "post",
  path: "/{id}/versions/{version}/restore",
  tags,
  summary: "Make a new version equal to an old one",
  request: { params: IdVersion, headers: IfMatch },
  responses: { 200: json(Assistant, "The new version"), ...problems },
});

/** What the assistants' routes need. */
export interface AssistantDeps {
  readonly registry: Registry;
  readonly memory: Memory;
}

/** The registry's routes. */
export function createAssistants({ registry, memory }: AssistantDeps): OpenAPIHono {
  const app = new OpenAPIHono();

  app.openapi(list, (c) => {
    const { assistants, next } = registry.list({
      owner: requireAccount(c).id,
      ...given(c.req.valid("query")),
    });
    return c.json({ assistants: [...assistants], ...given({ next }) }, 200);
  });

  app.openapi(create, async (c) => {
    const made = await registry.create(c.req.valid("json"), requireAccount(c).id);
    return c.json(made, 201, {
      ETag: etag(made),
      Location: `/api/assistants/${encodeURIComponent(made.id)}`, // ids are of any script
    });
  });

  app.openapi(read, (c) => {
    const assistant = registry.get(c.req.valid("param").id);
    c.header("ETag", etag(assistant));
    if (c.req.header("if-none-match") === etag(assistant)) return c.body(null, 304);
    return c.json(assistant, 200);
  });

  app.openapi(change, async (c) => {
    const { id } = c.req.valid("param");
    const from = versionOf(c.req.valid("header")["if-match"], registry.get(id));
    const changed = await matched(registry.update(id, c.req.valid("json"), from));
    return c.json(changed, 200, { ETag: etag(changed) });
  });

  app.openapi(remove, async (c) => {
    const { id } = c.req.valid("param");
    await matched(
      registry.remove(id, versionOf(c.req.valid("header")["if-match"], registry.get(id))),
    );
    await memory.clear({ assistant: id, user: requireAccount(c).id }); // nobody could see it any more
    return c.body(null, 204);
  });

  addHistory(app, registry);
  return app;
}

function addHistory(app: OpenAPIHono, registry: Registry): void {
  app.openapi(versions, (c) => {
    const { entries, next } = registry.versions(
      c.req.valid("param").id,
      c.req.valid("query").cursor,
    );
    return c.json({
      entries: entries.map((entry) => ({ ...entry, changed: [...entry.changed] })),
      ...given({ next }),
    }, 200);
  });

  app.openapi(version, (c) => {
    const { id, version } = c.req.valid("param");
    return c.json(registry.getVersion(id, version), 200);
  });

  app.openapi(diff, (c) => {
    const { id, version: to } = c.req.valid("param");
    const { from = Math.max(1, to - 1) } = c.req.valid("query"); // the first differs from nothing
    const changes = diffManifest(registry.getVersion(id, from), registry.getVersion(id, to));
    return c.json({ from, to, changes }, 200);
  });

  app.openapi(restore, async (c) => {
    const { id, version } = c.req.valid("param");
    const from = versionOf(c.req.valid("header")["if-match"], registry.get(id));
    const restored = await matched(registry.restore(id, version, from));
    return c.json(restored, 200, { ETag: etag(restored) });
  });
}

const etag = ({ version }: Assistant): string => `"${version}"`;

/** The version that a change was made from, as its If-Match header says. */
function versionOf(ifMatch: string | undefined, present: Assistant): number {
  if (ifMatch === undefined) {
    throw new HTTPException(428, {
      message: `send If-Match: ${etag(present)} (the ETag of what you changed), or * to overwrite`,
    });
  }
  if (ifMatch.trim() === "*") return present.version;
  const named = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch.trim());
  return Number(named?.[1] ?? 0); // no version is 0: a tag of another kind matches nothing
}

/** The registry's "conflict" is, over HTTP, a precondition that failed. */
async function matched<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof FlintError) || error.code !== "conflict") throw error;
    throw new HTTPException(412, { message: error.message, cause: error });
  }
}
