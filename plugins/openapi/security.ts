/** How a document's API wants to be shown who calls. */
import { asList, asText, isObject, type Json, PROTOTYPE_KEYS } from "../json.ts";
import type { Document } from "./document.ts";
import type { ApiScheme } from "./reading.ts";

const SCHEMES_MAX = 50;

/** The schemes that are understood, by name; of the others a remark tells. */
export function readSchemes(document: Document, remarks: string[]): Record<string, ApiScheme> {
  const { components } = document.root;
  const all = document.object(document.object(components).securitySchemes);
  const read: Record<string, ApiScheme> = {};
  for (const [name, value] of Object.entries(all).slice(0, SCHEMES_MAX)) {
    if (PROTOTYPE_KEYS.has(name) || name.length > 200 || !name.isWellFormed()) continue;
    const scheme = readScheme(document, document.object(value));
    if (scheme) read[name] = scheme;
    else remarks.push(`the security scheme ${name} is of a kind that is not supported`);
  }
  return read;
}

function readScheme(document: Document, scheme: Json): ApiScheme | undefined {
  const kind = asText(scheme.scheme)?.toLowerCase();
  if (scheme.type === "http" && kind === "bearer") return { type: "bearer" };
  if (scheme.type === "http" && kind === "basic") return { type: "basic" };
  if (scheme.type === "openIdConnect") return { type: "bearer" }; // its tokens are shown so
  if (scheme.type === "apiKey") {
    const name = asText(scheme.name)?.slice(0, 200), place = scheme.in;
    if (!name || (place !== "header" && place !== "query" && place !== "cookie")) return undefined;
    return { type: "key", name, in: place };
  }
  return scheme.type === "oauth2" ? readFlow(document.object(scheme.flows)) : undefined;
}

/** The flow that a user who is present can go, else the one for programs. */
function readFlow(flows: Json): ApiScheme | undefined {
  const code = flows.authorizationCode, client = flows.clientCredentials;
  const flow = isObject(code) ? code : isObject(client) ? client : undefined;
  const tokenUrl = asText(flow?.tokenUrl);
  if (!flow || !tokenUrl || tokenUrl.length > 2000) return undefined;
  const authorizationUrl = asText(flow.authorizationUrl)?.slice(0, 2000);
  const refreshUrl = asText(flow.refreshUrl)?.slice(0, 2000);
  const scopes = isObject(flow.scopes) ? Object.keys(flow.scopes) : [];
  if (flow === code && !authorizationUrl) return undefined;
  return {
    type: "oauth2",
    flow: flow === code ? "code" : "client",
    ...(authorizationUrl && flow === code ? { authorizationUrl } : {}),
    tokenUrl,
    ...(refreshUrl ? { refreshUrl } : {}),
    scopes: scopes.slice(0, 500).map((scope) => scope.slice(0, 200)),
  };
}

/** Sets of schemes of which any will do; sets that need one that is not understood are left out. */
export function readSecurity(value: unknown, known: ReadonlySet<string>): string[][] {
  const sets = asList(value).slice(0, 20).map((set) => isObject(set) ? Object.keys(set) : [])
    .map((names) => names.slice(0, 20));
  const usable = sets.filter((names) => names.every((name) => known.has(name)));
  return sets.length === 0 ? [[]] : usable;
}
