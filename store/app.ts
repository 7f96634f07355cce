/** One Hono app with the OpenAI routes, Flint's own API and the pages. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import type { ModelHouse } from "@flint/core";
import { createCallables } from "@flint/plugins";
import type {
  Apis,
  Assistants,
  Builder,
  Conversations,
  Embedder,
  Library,
  Memory,
  Registry,
  Secrets,
  Toolbox,
} from "@flint/plugins";
import type { Analytics } from "./analytics/counts.ts";
import { createAccount } from "./api/account.ts";
import { createAccounts } from "./api/accounts.ts";
import { createAnalytics } from "./api/analytics.ts";
import { createAssistants } from "./api/assistants.ts";
import { createBuilder } from "./api/builder.ts";
import { boundedBody, boundedJson } from "./api/body.ts";
import { createCatalog } from "./api/catalog.ts";
import { createConversations } from "./api/conversations.ts";
import { createCore } from "./api/core.ts";
import { addDocs } from "./api/docs.ts";
import { errorResponse, isBug } from "./api/errors.ts";
import { type GuardOptions, hostGuard, originGuard } from "./api/guard.ts";
import { createHealth } from "./api/health.ts";
import { guardBelongings } from "./api/belongings.ts";
import { identity } from "./api/identity.ts";
import { createInvoke } from "./api/invoke.ts";
import { createListings } from "./api/listings.ts";
import { createModeration } from "./api/moderation.ts";
import { createMcp } from "./api/mcp.ts";
import { createKnowledge } from "./api/knowledge.ts";
import { createMemory } from "./api/memory.ts";
import { createMoney } from "./api/money.ts";
import { createMoneyOwner } from "./api/money_owner.ts";
import { createPlugins } from "./api/plugins.ts";
import { createPrompts } from "./api/prompts.ts";
import { createOpenAi } from "./api/openai/mod.ts";
import { createReviews } from "./api/reviews.ts";
import { createShare } from "./api/share.ts";
import { createTransfer } from "./api/transfer.ts";
import type { Boards } from "./market/boards.ts";
import type { Sharing } from "./share/sharing.ts";
import type { Reviews } from "./market/reviews.ts";
import type { Installs } from "./market/installs.ts";
import type { Listings } from "./market/listings.ts";
import type { Moderation } from "./market/moderation.ts";
import type { Catalog } from "./market/catalog.ts";
import type { UseOf } from "./market/use.ts";
import type { Money } from "./money/money.ts";
import type { Usable } from "./market/usable.ts";
import type { People } from "./people/people.ts";
import { createPages } from "./web/pages.tsx";

/** What the store is built from; main.ts makes them. */
export interface StoreDeps extends People {
  readonly house: ModelHouse;
  readonly registry: Registry;
  readonly conversations: Conversations;
  readonly memory: Memory;
  readonly toolbox: Toolbox;
  readonly secrets: Secrets;
  readonly apis: Apis;
  readonly assistants: Assistants;
  readonly embedder: Embedder;
  readonly library: Library;
  readonly builder: Builder;
  readonly listings: Listings;
  readonly boards: Boards;
  readonly installs: Installs;
  readonly moderation: Moderation;
  readonly usable: Usable;
  readonly reviews: Reviews;
  readonly sharing: Sharing;
  readonly catalog: Catalog;
  readonly uses: UseOf;
  readonly money: Money;
  readonly analytics: Analytics;
}

/** How the store behaves; every field has a default. */
export interface StoreOptions extends GuardOptions {
  /** Ends the endless event streams, so that a stopping server can drain. Default: never. */
  readonly stopping?: AbortSignal;
  /** Takes one line per request. Default: none. */
  readonly log?: (line: string) => void;
  /** Takes a bug of ours, with its stack and the request's id. Default: standard error. */
  readonly onBug?: (report: string) => void;
}

/** Builds the app; `app.fetch` is what a server serves and a test calls. */
export function createStore(deps: StoreDeps, options: StoreOptions = {}): OpenAPIHono {
  const { stopping = new AbortController().signal, log = () => {}, onBug = console.error } =
    options;
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw result.error;
    },
  });

  app.onError((error, c) => {
    if (isBug(error)) onBug(`${c.get("requestId")} ${error.stack}`);
    const isPage = c.req.header("accept")?.includes("text/html");
    if (isPage && error instanceof HTTPException && error.status === 401) {
      return c.redirect(`/sign-in?${new URLSearchParams({ next: c.req.path })}`, 303);
    }
    return errorResponse(c, error);
  });
  const pages = createPages({ ...deps, log: onBug });
  app.notFound((c) =>
    c.req.header("accept")?.includes("text/html")
      ? pages.notFound(c)
      : errorResponse(c, new HTTPException(404, { message: `there is no ${c.req.path}` }))
  );

  app.use(requestId());
  app.use(async (c, next) => {
    const began = performance.now();
    await next();
    const ms = Math.round(performance.now() - began);
    log(`${c.get("requestId")} ${c.req.method} ${c.req.path} ${c.res.status} ${ms} ms`);
  });
  app.use(secureHeaders({
    contentSecurityPolicy: PAGE_POLICY,
    strictTransportSecurity: false,
    // Without a referrer browsers call a form's origin "null", which originGuard refuses.
    referrerPolicy: "same-origin",
  }));
  app.use(hostGuard(options), originGuard(options), boundedBody, boundedJson);
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed: (c, allowed) => {
      c.header("Allow", allowed.join(", "));
      const message = `${c.req.path} answers to ${allowed.join(", ")}, not ${c.req.method}`;
      return errorResponse(c, new HTTPException(405, { message }));
    },
  }));

  app.use(identity(deps, options));
  guardBelongings(app, deps);

  app.route("/", createHealth(deps));
  app.route("/v1", createOpenAi(deps));
  app.route("/api", createCore({ ...deps, stopping }));
  addAssistants(app, deps);
  addStore(app, deps);
  addCallables(app, deps, stopping);
  app.route("/", pages.routes);
  return app;
}

/** What assistants are made of, and talks with them. */
function addAssistants(app: OpenAPIHono, deps: StoreDeps): void {
  app.route("/api/assistants", createTransfer(deps));
  app.route("/api/assistants", createAssistants(deps));
  app.route("/api/assistants", createMemory(deps));
  app.route("/api/knowledge", createKnowledge(deps));
  app.route("/api/conversations", createConversations(deps));
  app.route("/api/builder/sessions", createBuilder(deps));
  app.route("/api/plugins", createPlugins(deps));
  app.route("/api/plugins", createPrompts(deps));
}

/** People, and what they offer one another. */
function addStore(app: OpenAPIHono, deps: StoreDeps): void {
  app.route("/api/account", createAccount(deps));
  app.route("/api", createAccounts(deps));
  app.route("/api/store", createCatalog(deps));
  app.route("/api/listings", createListings(deps));
  app.route("/api/moderation", createModeration(deps));
  app.route("/api/money", createMoney(deps));
  app.route("/api/money", createMoneyOwner(deps));
  app.route("/api/analytics", createAnalytics(deps));
  app.route("/api", createReviews(deps));
  app.route("/api/share", createShare(deps));
}

/** What programs call, over HTTP and MCP, and the document that tells of it. */
function addCallables(app: OpenAPIHono, deps: StoreDeps, stopping: AbortSignal): void {
  const callables = createCallables({ ...deps, engine: () => deps.house.engine() });
  app.route("/plugins", createInvoke({ callables }));
  app.route("/mcp", createMcp({ callables, stopping }));
  addDocs(app, { callables });
}

/** Nothing from other hosts and no inline script; Strict-Transport-Security is for TLS ahead of us. */
const PAGE_POLICY = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};
