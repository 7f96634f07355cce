/** /api/plugins: what tools come from, of every kind; their secrets; one call by hand. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { FlintError } from "@flint/core";
import {
  type Apis,
  ApiScheme,
  callTool,
  OWNER,
  Plugin,
  PluginDraft,
  previewTool,
  SecretParts,
  type Secrets,
  SLUG_CHARS_MAX,
  type Tool,
  type Toolbox,
  ToolName,
  ToolResult,
} from "@flint/plugins";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";

const tags = ["Plugins"];

const Id = z.object({
  id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
});
const IdTool = Id.extend({
  tool: z.string().min(1).max(64).openapi({ param: { name: "tool", in: "path" } }),
});
const IdScheme = Id.extend({
  scheme: z.string().min(1).max(200).openapi({ param: { name: "scheme", in: "path" } }),
});

const ToolEntry = z.object({
  name: ToolName,
  description: z.string(),
  parameters: z.record(z.string(), z.unknown()).openapi({ description: "JSON schema" }),
  effect: z.enum(["none", "reads", "writes"]),
}).openapi("ToolEntry");

const AccessEntry = z.object({
  name: z.string(),
  scheme: ApiScheme,
  ready: z.boolean().openapi({ description: "Whether its secret is set, or someone signed in" }),
}).openapi("AccessEntry");

const Tried = z.object({
  request: z.string().optional().openapi({
    description: "What was sent, secrets masked; for kinds that send requests",
  }),
  result: ToolResult,
}).openapi("Tried");

const Confirmed = z.object({
  starts: z.string().max(20_000).optional().openapi({
    param: { name: "starts", in: "query" },
    description: "The command line that may be started, as the first answer told it",
  }),
});

const Unconfirmed = z.object({
  starts: z.string().openapi({ description: "The program that it runs with your rights" }),
}).openapi("Unconfirmed");

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List plugins",
  responses: { 200: json(z.object({ plugins: z.array(Plugin) }), "All plugins"), ...problems },
});

const add = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Add a plugin",
  description:
    "For type openapi, config is {url} or {document}: OpenAPI 3, Swagger 2, ai-plugin.json. " +
    "For type mcp, {url} or {command, args, env}: what would start a program is answered with its " +
    "command line first, and done when sent again with that in `starts`.",
  request: { query: Confirmed, body: jsonBody(PluginDraft) },
  responses: {
    201: json(Plugin, "The plugin, opened"),
    202: json(Unconfirmed, "Nothing was done yet: confirm the program by its command line"),
    ...problems,
  },
});

const read = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "Read a plugin",
  request: { params: Id },
  responses: { 200: json(Plugin, "The plugin"), ...problems },
});

const configure = createRoute({
  method: "put",
  path: "/{id}/config",
  tags,
  summary: "Replace a plugin's config",
  request: { params: Id, query: Confirmed, body: jsonBody(Plugin.shape.config) },
  responses: {
    200: json(Plugin, "The plugin, opened anew"),
    202: json(Unconfirmed, "Nothing was done yet: confirm the program by its command line"),
    ...problems,
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove a plugin and its secrets",
  request: { params: Id },
  responses: { 204: { description: "Removed" }, ...problems },
});

const tools = createRoute({
  method: "get",
  path: "/{id}/tools",
  tags,
  summary: "List a plugin's tools",
  request: { params: Id },
  responses: { 200: json(z.object({ tools: z.array(ToolEntry) }), "All tools"), ...problems },
});

const attempt = createRoute({
  method: "post",
  path: "/{id}/tools/{tool}/try",
  tags,
  summary: "Call a tool by hand",
  request: { params: IdTool, body: jsonBody(z.record(z.string(), z.unknown())) },
  responses: { 200: json(Tried, "What was sent and what came back"), ...problems },
});

const access = createRoute({
  method: "get",
  path: "/{id}/access",
  tags,
  summary: "How an API wants to be shown who calls",
  request: { params: Id },
  responses: { 200: json(z.object({ schemes: z.array(AccessEntry) }), "Its schemes"), ...problems },
});

const setSecret = createRoute({
  method: "put",
  path: "/{id}/access/{scheme}",
  tags,
  summary: "Set the secret of a scheme",
  description:
    "Parts by kind: key {key}; bearer {token}; basic {user, password}; oauth2 {clientId, clientSecret}.",
  request: { params: IdScheme, body: jsonBody(SecretParts) },
  responses: { 204: { description: "Sealed; it can't be read again" }, ...problems },
});

const dropSecret = createRoute({
  method: "delete",
  path: "/{id}/access/{scheme}",
  tags,
  summary: "Remove the secret of a scheme",
  request: { params: IdScheme },
  responses: { 204: { description: "Removed" }, ...problems },
});

const signIn = createRoute({
  method: "get",
  path: "/{id}/access/{scheme}/sign-in",
  tags,
  summary: "Go to the API's own page to sign in (OAuth 2, authorization code with PKCE)",
  request: { params: IdScheme },
  responses: { 302: { description: "To the API's page" }, ...problems },
});

const callback = createRoute({
  method: "get",
  path: "/signed-in",
  tags,
  summary: "Where the API's page sends the user back to",
  responses: { 302: { description: "To the plugin's page" }, ...problems },
});

/** What the plugins' routes need. */
export interface PluginDeps {
  readonly toolbox: Toolbox;
  readonly apis: Apis;
  readonly secrets: Secrets;
}

/** The plugins' routes. */
export function createPlugins({ toolbox, apis, secrets }: PluginDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(callback, async (c) => {
    const id = await apis.signedIn(new URL(c.req.url));
    return c.redirect(`/plugins/${id}`, 302);
  });
  app.openapi(list, (c) => c.json({ plugins: toolbox.list() }, 200));
  app.openapi(add, async (c) => {
    const draft = c.req.valid("json"), { starts: confirmed } = c.req.valid("query");
    const starts = toolbox.starts(draft.type, draft.config ?? {});
    if (starts !== undefined && confirmed === undefined) return c.json({ starts }, 202);
    return c.json(await toolbox.add(draft, confirmed), 201);
  });
  app.openapi(read, (c) => c.json(toolbox.get(c.req.valid("param").id), 200));
  app.openapi(configure, async (c) => {
    const { id } = c.req.valid("param"), config = c.req.valid("json");
    const { starts: confirmed } = c.req.valid("query");
    const starts = toolbox.starts(toolbox.get(id).type, config);
    if (starts !== undefined && confirmed === undefined) return c.json({ starts }, 202);
    return c.json(await toolbox.configure(id, config, confirmed), 200);
  });
  app.openapi(remove, async (c) => {
    await toolbox.remove(c.req.valid("param").id);
    return c.body(null, 204);
  });
  app.openapi(tools, async (c) => {
    const all = await toolbox.tools(c.req.valid("param").id);
    const entries = all.map(({ name, description, parameters, effect }) => (
      { name, description, parameters, effect }
    ));
    return c.json({ tools: entries }, 200);
  });
  app.openapi(attempt, async (c) => {
    const { id, tool } = c.req.valid("param");
    const found = await toolOf(toolbox, id, tool);
    return c.json(await tryTool(found, c.req.valid("json"), c.req.raw.signal), 200);
  });
  addAccess(app, { toolbox, apis, secrets });
  return app;
}

function addAccess(app: OpenAPIHono, { toolbox, apis, secrets }: PluginDeps): void {
  const entry = (id: string, name: string) => {
    const found = apis.access(toolbox.get(id)).find((one) => one.name === name);
    if (!found) throw new FlintError("not_found", `${id} has no scheme "${name}"`);
    return found;
  };
  app.openapi(access, (c) => {
    const all = apis.access(toolbox.get(c.req.valid("param").id));
    const schemes = all.map(({ name, scheme, ready }) => ({ name, scheme, ready }));
    return c.json({ schemes }, 200);
  });
  app.openapi(setSecret, async (c) => {
    const { id, scheme } = c.req.valid("param");
    await secrets.put(entry(id, scheme).secret, c.req.valid("json"));
    return c.body(null, 204);
  });
  app.openapi(dropSecret, async (c) => {
    const { id, scheme } = c.req.valid("param");
    await secrets.remove(entry(id, scheme).secret);
    return c.body(null, 204);
  });
  app.openapi(signIn, async (c) => {
    const { id, scheme } = c.req.valid("param");
    const back = new URL("/api/plugins/signed-in", c.req.url).href;
    return c.redirect(await apis.signIn(toolbox.get(id), scheme, back), 302);
  });
}

/** One tool of a plugin. @throws FlintError not_found */
export async function toolOf(toolbox: Toolbox, plugin: string, name: string): Promise<Tool> {
  const tool = (await toolbox.tools(plugin)).find((one) => one.name === name);
  if (!tool) throw new FlintError("not_found", `${plugin} has no tool "${name}"`);
  return tool;
}

/** Calls it for the user themself, no assistant being there. */
export async function tryTool(
  tool: Tool,
  values: unknown,
  signal: AbortSignal,
): Promise<z.infer<typeof Tried>> {
  const result = await callTool(tool, values, { assistant: "", user: OWNER, signal, depth: 0 });
  return { ...given({ request: await previewTool(tool, values) }), result };
}
