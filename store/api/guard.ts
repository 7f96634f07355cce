/**
 * Who may talk to a server on loopback. A browser lets any page send requests here (cross-site
 * posts) and a hostile name can be made to resolve here (DNS rebinding), so the names in Host and
 * Origin must be ours.
 */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";

/** Names that always mean this machine. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Whom to let in beyond this machine's own names and pages. */
export interface GuardOptions {
  /** Further host names this server is reached by, without port. */
  readonly hosts?: readonly string[];
  /** Origins of other sites whose pages may call the API, as `https://name:port`. */
  readonly origins?: readonly string[];
}

/** Refuses requests whose Host is not ours. */
export function hostGuard({ hosts = [] }: GuardOptions): MiddlewareHandler {
  const allowed = new Set([...LOOPBACK, ...hosts].map((host) => host.toLowerCase()));
  return (c, next) => {
    // The URL is what routing believes, the header what a browser was told: both must agree.
    const host = c.req.header("host");
    const url = URL.parse(c.req.url);
    if (!url) throw new HTTPException(400, { message: "the Host header names no host" });
    const names = [url.hostname, ...(host === undefined ? [] : [nameOf(host)])];
    const stranger = names.find((name) => !allowed.has(name));
    if (stranger === undefined) return next();
    throw new HTTPException(403, {
      message: `Host "${stranger.slice(0, 100)}" is not this server; start it with that host ` +
        "allowed if it should be",
    });
  };
}

/** Refuses requests sent by the pages of other sites; answers the preflights of allowed ones. */
export function originGuard({ origins = [] }: GuardOptions): MiddlewareHandler {
  const allowed = new Set(origins);
  const answer = cors({
    origin: [...origins],
    exposeHeaders: ["ETag", "Retry-After", "X-Request-Id", "Mcp-Session-Id"],
  });
  return (c, next) => {
    const origin = c.req.header("origin");
    if (origin === undefined || origin === new URL(c.req.url).origin) return next();
    if (allowed.has(origin)) return answer(c, next);
    throw new HTTPException(403, {
      message: `Pages of origin "${origin.slice(0, 100)}" may not call this server; start it ` +
        "with that origin allowed if they should",
    });
  };
}

/** "name:port" or "[::1]:port" without the port, in lower case. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, "");
