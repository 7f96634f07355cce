/**
 * Everybody's own things: conversations, drafts and assistants of another account are, to whoever
 * asks, not there. Asked ahead of all routes and pages, so that none can forget it.
 */
import type { Context, Hono } from "hono";
import { FlintError } from "@flint/core";
import type { Builder, Conversations, Registry } from "@flint/plugins";
import { requireAccount } from "./identity.ts";

/** Where things are kept that belong to somebody. */
export interface BelongingsDeps {
  readonly conversations: Pick<Conversations, "get">;
  readonly builder: Pick<Builder, "get">;
  readonly registry: Pick<Registry, "ownerOf">;
}

/** Guards the API's. What anybody may use who sees it (talking, memory) is for its routes to find. */
export function guardBelongings(app: Pick<Hono, "use">, deps: BelongingsDeps): void {
  const { conversations, builder, registry } = deps;
  guard(
    app,
    "/api/conversations/:id/*",
    (id) => id === "search" ? undefined : conversations.get(id).account,
  );
  guard(app, "/api/builder/sessions/:id/*", (id) => builder.get(id).account);
  guard(app, "/api/assistants/:id/*", (id, c) => {
    const isImport = id === "import" && c.req.method === "POST";
    const isMemory = /\/memory(\/|$)/.test(c.req.path);
    return isImport || isMemory ? undefined : registry.ownerOf(id);
  });
}

/** Guards the pages'. */
export function guardPages(app: Pick<Hono, "use">, deps: BelongingsDeps): void {
  const { conversations, builder, registry } = deps;
  guard(app, "/chat/:id/*", (id) => conversations.get(id).account);
  guard(app, "/build/:id/*", (id) => builder.get(id).account);
  guard(app, "/a/:id/versions", (id) => registry.ownerOf(id));
}

function guard(
  app: Pick<Hono, "use">,
  path: string,
  ownerOf: (id: string, c: Context) => string | undefined,
): void {
  app.use(path, async (c, next) => {
    const id = c.req.param("id")!, owner = ownerOf(id, c);
    if (owner !== undefined && owner !== requireAccount(c).id) {
      throw new FlintError("not_found", `there is no "${id}" of yours`);
    }
    await next();
  });
}
