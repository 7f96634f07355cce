/** Bounds on what a request may bring, checked before anything reads it. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { FlintError } from "@flint/core";
import { FILE_BYTES_MAX, SOURCE_BYTES_MAX } from "@flint/plugins";

/** Largest request body: far above any prompt that fits the context, far below harm. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Deepest nesting of arrays and objects; real schemas stay under 20, recursion under thousands. */
export const JSON_DEPTH_MAX = 64;

/** Where files come in: assistants with pictures, documents of APIs. */
const FILE_PATHS = ["/api/assistants/import", "/api/plugins", "/plugins"];

/** 413 for a body that is longer than it may be, whether or not it says so. Files may be longer. */
export const boundedBody: MiddlewareHandler = (c, next) => {
  const { path } = c.req;
  if (FILE_PATHS.includes(path)) return fileBody(c, next);
  return (/^\/(?:api\/)?knowledge\/[^/]+\/(?:documents|files)$/.test(path)
    ? sourceBody
    : plainBody)(c, next);
};

const plainBody = bodyOf(BODY_BYTES_MAX);
const fileBody = bodyOf(FILE_BYTES_MAX);
const sourceBody = bodyOf(SOURCE_BYTES_MAX);

function bodyOf(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new HTTPException(413, {
        message: `the body is larger than ${maxSize} bytes, the most this server reads here`,
      });
    },
  });
}

/** 400 for JSON that does not parse or nests too deep; the routes' own schemas come after. */
export const boundedJson: MiddlewareHandler = async (c, next) => {
  if (c.req.header("content-type")?.includes("json")) {
    const text = await c.req.text(); // kept by hono for the routes
    if (jsonDepth(text) > JSON_DEPTH_MAX) {
      throw new FlintError("bad_input", `the JSON nests deeper than ${JSON_DEPTH_MAX} levels`);
    }
    parseJson(text);
  }
  await next();
};

function parseJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new FlintError("bad_input", `the body is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Deepest level of brackets outside strings; linear in the text and without recursion. */
function jsonDepth(text: string): number {
  let depth = 0, deepest = 0, quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === "\\") i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "}" || char === "]") depth--;
  }
  return deepest;
}
