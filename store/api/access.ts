/** Who may go where: one table for all paths, so that a new route is a member's unless it says else. */
import type { Scope } from "../people/keys.ts";

/** Guests too, whoever is signed in, or the owner alone. */
export type Reach = "guest" | "member" | "owner";

interface Rule {
  readonly path: RegExp;
  /** GET and HEAD alone; the path's other methods go on down the table. */
  readonly reading?: true;
  readonly reach: Reach;
}

/** The first that fits holds. */
const RULES: readonly Rule[] = [
  { path: /^\/(healthz|readyz|sign-in|settings|openapi\.json)$/, reach: "guest" },
  { path: /^\/(manifest\.webmanifest|worker\.js|offline)$/, reading: true, reach: "guest" },
  { path: /^\/(assets|docs)(\/|$)/, reading: true, reach: "guest" },
  { path: /^\/store\/publish(\/|$)/, reach: "member" },
  { path: /^\/(store|s)(\/|$)/, reading: true, reach: "guest" },
  { path: /^\/api\/(store|listings|share|feed)(\/|$)/, reading: true, reach: "guest" },
  { path: /^\/api\/money\/webhooks\/stripe$/, reach: "guest" },
  {
    path: /^\/api\/money\/(terms|months|payouts|refunds|ledger|top-ups\/.*)(\/|$)/,
    reach: "owner",
  },
  { path: /^\/api\/store(\/|$)/, reach: "owner" },
  { path: /^\/api\/account\/session$/, reach: "guest" },
  { path: /^\/api\/(accounts|audit|moderation|knowledge|plugins)(\/|$)/, reach: "owner" },
  { path: /^\/(admin|knowledge|plugins|mcp)(\/|$)/, reach: "owner" },
];

/** Whom a request needs. */
export function reachOf(method: string, path: string): Reach {
  const reading = method === "GET" || method === "HEAD";
  const rule = RULES.find((rule) => rule.path.test(path) && (!rule.reading || reading));
  return rule?.reach ?? "member";
}

/** What a key must be good for. */
export function scopeOf(method: string, path: string): Scope {
  if (reachOf(method, path) === "owner") return "admin";
  if (/^\/(v1|api\/conversations)(\/|$)/.test(path)) return "chat";
  return method === "GET" || method === "HEAD" ? "read" : "write";
}
