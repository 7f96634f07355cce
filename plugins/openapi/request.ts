/** A call's arguments as the request that its operation asks for. */
import { FlintError } from "@flint/core/errors";
import { isObject, type Json } from "../json.ts";
import type { ToolValues } from "../tools/tool.ts";
import type { WebRequest } from "../tools/web.ts";
import type { ApiBody, ApiOperation } from "./reading.ts";
import { formPairs, headerText, pathText, queryPairs, text } from "./styles.ts";

/** A request under way to be sent: schemes of security still add to it. */
export interface Draft {
  readonly method: string;
  /** Without the query. */
  readonly url: string;
  /** Encoded name=value. */
  readonly query: string[];
  readonly headers: Record<string, string>;
  /** Encoded name=value. */
  readonly cookies: string[];
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

const ACCEPT = "application/json, text/*;q=0.9, image/*;q=0.8, */*;q=0.1";

/**
 * The request that calls the operation at the server.
 * @throws FlintError bad_input when an argument can't be written
 */
export async function draftRequest(
  operation: ApiOperation,
  server: URL,
  values: ToolValues,
): Promise<Draft> {
  const query: string[] = [], cookies: string[] = [];
  const headers: Record<string, string> = { accept: ACCEPT };
  let path = operation.path;
  for (const parameter of operation.parameters) {
    const value = values[parameter.key];
    if (value === undefined) continue;
    if (parameter.in === "query") query.push(...queryPairs(parameter, value));
    else if (parameter.in === "cookie") cookies.push(...queryPairs(parameter, value));
    else if (parameter.in === "header") {
      headers[parameter.name.toLowerCase()] = headerText(parameter, value);
    } else path = path.replaceAll(`{${parameter.name}}`, () => pathText(parameter, value));
  }
  const sent = operation.body && await bodyOf(operation.body, operation.schema, values);
  if (sent?.type) headers["content-type"] = sent.type;
  checkHeaders(headers);
  // Joined as text: resolving would let a path that begins with // or .. leave the server.
  const url = server.origin + server.pathname.replace(/\/+$/, "") + path;
  return {
    method: operation.method.toUpperCase(),
    url,
    query,
    headers,
    cookies,
    body: sent?.bytes,
  };
}

/** The draft as it is sent. */
export function webRequest({ method, url, query, headers, cookies, body }: Draft): WebRequest {
  const [bare, own] = url.split("?", 2) as [string, string | undefined];
  const all = [...(own ? [own] : []), ...query].join("&");
  return {
    method,
    url: all ? `${bare}?${all}` : bare,
    headers: cookies.length > 0 ? { ...headers, cookie: cookies.join("; ") } : headers,
    body,
  };
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    throw new FlintError("bad_input", `the header ${name.slice(0, 80)} can't hold this value`);
  }
}

/** The body's bytes and type; undefined when no argument is for it. */
async function bodyOf(body: ApiBody, { properties }: Json, values: ToolValues) {
  const { mediaType, key, parts = {} } = body;
  const whole = key === undefined
    ? Object.fromEntries(
      Object.entries(parts).filter(([argument]) => values[argument] !== undefined)
        .map(([argument, name]) => [name, values[argument]]),
    )
    : values[key];
  if (whole === undefined || (!body.required && isEmpty(whole))) return undefined;
  if (mediaType.includes("json")) return encoded(JSON.stringify(whole), mediaType);
  if (mediaType.startsWith("application/x-www-form-urlencoded")) {
    const pairs = typeof whole === "object" && whole !== null ? Object.entries(whole) : [];
    const form = new URLSearchParams(pairs.flatMap(([name, value]) => formPairs(name, value)));
    return encoded(String(form), "application/x-www-form-urlencoded");
  }
  if (mediaType.startsWith("multipart/form-data")) {
    const isFile = (argument: string) => isObject(properties) && saysFile(properties[argument]);
    const files = Object.entries(parts).flatMap(([key, name]) => isFile(key) ? [name] : []);
    return await multipart(whole, new Set(files));
  }
  return encoded(text(whole), mediaType);
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

const encoded = (body: string, type: string) => ({ bytes: new TextEncoder().encode(body), type });

const saysFile = (schema: unknown): boolean =>
  isObject(schema) && (schema.format === "binary" || schema.contentMediaType !== undefined);

/** Bytes as a model, or a page, can give them. */
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?;base64,([A-Za-z0-9+/]+={0,2})$/;

/** Texts and numbers as fields, files by their text or a data: URL of their bytes, all else as JSON. */
async function multipart(value: unknown, files: ReadonlySet<string>) {
  const form = new FormData();
  const fields = typeof value === "object" && value !== null ? Object.entries(value) : [];
  for (const [name, field] of fields) {
    if (files.has(name)) form.append(name, fileOf(text(field)), name);
    else if (typeof field === "object") {
      form.append(name, new Blob([text(field)], { type: "application/json" }));
    } else form.append(name, text(field));
  }
  const response = new Response(form);
  const type = response.headers.get("content-type")!;
  return { bytes: new Uint8Array(await response.arrayBuffer()), type };
}

/** @throws FlintError bad_input for base64 that is none */
function fileOf(said: string): Blob {
  const [, type = "application/octet-stream", base64] = DATA_URL.exec(said) ?? [];
  if (base64 === undefined) return new Blob([said], { type: "text/plain" });
  try {
    return new Blob([Uint8Array.fromBase64(base64)], { type });
  } catch (cause) {
    throw new FlintError("bad_input", "the file's data: URL holds no base64", { cause });
  }
}
