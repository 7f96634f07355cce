/**
 * /mcp: Flint as an MCP server over streamable HTTP. The newest revision has no sessions: each
 * request stands alone. Clients of those before get a session with their first message.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  type McpHttpHandler,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import {
  type Callables,
  createMcpServer,
  type McpOffer,
  ParkedCalls,
  SLUG_CHARS_MAX,
} from "@flint/plugins";

/** What the route needs. */
export interface McpDeps {
  readonly callables: Callables;
  /** Ends all streams and sessions, so that a stopping server can drain. */
  readonly stopping: AbortSignal;
}

/** Sessions at once; the one longest unused gives way. */
const SESSIONS_MAX = 64;

/** The route. `/{assistant}` offers one assistant's tools under their own names. */
export function createMcp({ callables, stopping }: McpDeps): Hono {
  const app = new Hono();
  const sessions = new Sessions(), parked = new ParkedCalls();
  /** By assistant, "" for all of them: each serves any number of requests. */
  const handlers = new Map<string, McpHttpHandler>();
  stopping.addEventListener("abort", () => {
    parked.close();
    void sessions.close();
    for (const handler of handlers.values()) void handler.close();
  }, { once: true });
  const handlerOf = (offer: McpOffer) => {
    const of = offer.assistant ?? "", known = handlers.get(of);
    if (known) return known;
    const made = createMcpHandler(() => createMcpServer(offer), { legacy: "reject" });
    handlers.set(of, made);
    return made;
  };
  const serve = async (c: Context, offer: McpOffer) => {
    if (c.req.method === "POST" && !c.req.header("content-type")?.includes("json")) {
      return refusal(415, "messages are JSON: send them as application/json");
    }
    const parsedBody = c.req.method === "POST" ? await c.req.json() : undefined;
    if (await isLegacyRequest(c.req.raw, parsedBody)) {
      return sessions.handle(c.req.raw, parsedBody, offer);
    }
    return handlerOf(offer).fetch(c.req.raw, { parsedBody });
  };
  app.all("/", (c) => serve(c, { callables, parked }));
  app.all("/:assistant", async (c) => {
    const assistant = c.req.param("assistant").slice(0, SLUG_CHARS_MAX);
    await callables.of(assistant); // "not_found" before anything is begun
    return serve(c, { callables, parked, assistant });
  });
  return app;
}

/** Sessions of clients that speak a revision before 2026-07-28, the longest unused first. */
class Sessions {
  readonly #open = new Map<string, WebStandardStreamableHTTPServerTransport>();

  /** Answers one request of a session, or the one that begins it. */
  async handle(request: Request, parsedBody: unknown, offer: McpOffer): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    const known = id === null ? undefined : this.#open.get(id);
    if (known) {
      this.#open.delete(id!);
      this.#open.set(id!, known); // the newest now
      return known.handleRequest(request, { parsedBody });
    }
    if (id !== null) return refusal(404, "there is no such session: begin a new one");
    if (!isInitializeRequest(parsedBody)) return refusal(400, "begin with initialize");
    return (await this.#begin(offer)).handleRequest(request, { parsedBody });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((transport) => transport.close()));
  }

  async #begin(offer: McpOffer): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        this.#open.set(id, transport);
        if (this.#open.size > SESSIONS_MAX) void this.#open.values().next().value!.close();
      },
    });
    await createMcpServer(offer).connect(transport);
    const closed = transport.onclose;
    transport.onclose = () => {
      this.#open.delete(transport.sessionId ?? "");
      closed?.();
    };
    return transport;
  }
}

/** A refusal as MCP's clients read it. */
function refusal(status: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code: -32000, message }, id: null }, { status });
}
