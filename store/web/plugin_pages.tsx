/** The routes of the plugins' pages: plain forms, which work without scripts. */
import { FlintError } from "@flint/core";
import {
  type Apis,
  parse,
  type Plugin,
  SecretParts,
  type Secrets,
  slugOf,
  type Toolbox,
} from "@flint/plugins";
import type { Context, Hono } from "hono";
import { given } from "../api/given.ts";
import { toolOf, tryTool } from "../api/plugins.ts";
import { addAddingPages, textsOf } from "./add_plugin_pages.tsx";
import type { Drawing } from "./drawing.tsx";
import { OnePlugin, Plugins, TryTool } from "./plugins.tsx";
import { tried } from "./tried.ts";
import { fieldName, valuesOf } from "./value_field.tsx";

/** What the plugins' pages show and change. */
export interface PluginPagesDeps {
  readonly toolbox: Toolbox;
  readonly apis: Apis;
  readonly secrets: Secrets;
}

/** Adds the routes. */
export function addPluginPages(
  app: Hono,
  deps: PluginPagesDeps,
  { frame, send }: Drawing,
): void {
  const { toolbox } = deps;
  const list = (c: Context, fault?: string) => {
    const page = <Plugins frame={frame(c)} plugins={toolbox.list()} {...given({ fault })} />;
    return send(c, page, fault === undefined ? 200 : 400);
  };
  app.get("/plugins", (c) => list(c));
  app.post("/plugins", async (c) => {
    const form = await c.req.formData();
    return await tried(async () => {
      const plugin = await toolbox.add(await draftOf(form));
      return c.redirect(`/plugins/${plugin.id}`, 303);
    }, (fault) => list(c, fault));
  });

  const attempt = (c: Context, work: () => Promise<Response>) =>
    tried(work, async (fault) => await list(c, fault));
  addAddingPages(app, { toolbox, attempt }, { frame, send });
  addOnePlugin(app, deps, { frame, send });
  addTrying(app, deps, { frame, send });
}

function addOnePlugin(
  app: Hono,
  { toolbox, apis, secrets }: PluginPagesDeps,
  { frame, send }: Drawing,
): void {
  const one = async (c: Context, id: string, fault?: string) => {
    const plugin = toolbox.get(id);
    const tools = await tried(() => toolbox.tools(id), (why) => {
      fault ??= why;
      return [];
    });
    const about = apis.about(plugin), access = apis.access(plugin);
    const back = new URL("/api/plugins/signed-in", c.req.url).href;
    const shown = { frame: frame(c), plugin, tools, about, access, back, ...given({ fault }) };
    return send(c, <OnePlugin {...shown} />, fault === undefined ? 200 : 400);
  };
  app.get("/plugins/:id", (c) => one(c, c.req.param("id")));
  // Posts to /plugins/:assistant/:tool are calls of tools (api/invoke.ts).
  app.post("/plugins/:id/page/remove", async (c) => {
    const id = c.req.param("id");
    return await tried(async () => {
      await toolbox.remove(id);
      return c.redirect("/plugins", 303);
    }, (fault) => one(c, id, fault));
  });
  app.post("/plugins/:id/page/server", async (c) => {
    const id = c.req.param("id");
    const server = String((await c.req.formData()).get("server") ?? "").trim();
    return await tried(async () => {
      const { server: _, ...config } = toolbox.get(id).config;
      await toolbox.configure(id, server === "" ? config : { ...config, server });
      return c.redirect(`/plugins/${id}`, 303);
    }, (fault) => one(c, id, fault));
  });
  app.post("/plugins/:id/access/:scheme", async (c) => {
    const { id, scheme } = c.req.param();
    const parts = Object.fromEntries(await c.req.formData());
    return await tried(async () => {
      const found = apis.access(toolbox.get(id)).find(({ name }) => name === scheme);
      if (!found) throw new FlintError("not_found", `${id} has no scheme "${scheme}"`);
      await secrets.put(found.secret, parse(SecretParts, parts));
      return c.redirect(`/plugins/${id}`, 303);
    }, (fault) => one(c, id, fault));
  });
}

function addTrying(app: Hono, { toolbox }: PluginPagesDeps, { frame, send }: Drawing): void {
  app.get("/plugins/:id/tools/:tool", async (c) => {
    const { id, tool: name } = c.req.param();
    const plugin = toolbox.get(id), tool = await toolOf(toolbox, id, name);
    return send(c, <TryTool frame={frame(c)} plugin={plugin} tool={tool} filled={{}} />);
  });
  app.post("/plugins/:id/tools/:tool", async (c) => {
    const { id, tool: name } = c.req.param();
    const plugin = toolbox.get(id), tool = await toolOf(toolbox, id, name);
    const form = await c.req.formData();
    const properties = Object.keys(tool.parameters.properties ?? {});
    const filled = Object.fromEntries(
      properties.map((key) => [key, String(form.get(fieldName(key)) ?? "")]),
    );
    const shown = { frame: frame(c), plugin, tool, filled };
    return await tried(async () => {
      const values = valuesOf(tool.parameters, filled);
      const answer = await tryTool(tool, values, c.req.raw.signal);
      return send(c, <TryTool {...shown} tried={answer} />);
    }, (fault) => send(c, <TryTool {...shown} fault={fault} />, 400));
  });
}

/** What a form's values ask to add. */
async function draftOf(form: FormData) {
  const { name = "", url, server, ...texts } = textsOf(form);
  const file = form.get("file");
  const document = file instanceof File && file.size > 0 ? await file.text() : texts.document;
  const config = given({ url, document, server });
  return { id: slugOf(name), type: "openapi", name, config } satisfies Partial<Plugin>;
}
