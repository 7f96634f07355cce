/** What a server answered, as the result of a call. */
import type { ToolContent, ToolResult } from "../tools/tool.ts";
import type { WebResponse } from "../tools/web.ts";

/** Longer texts are of no use to a model; the result says where it was cut. */
const TEXT_CHARS_MAX = 20_000;
const IMAGE_BYTES_MAX = 4 << 20;
const IMAGES = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const;

/** JSON as values, pictures as pictures, texts cut to what can be used; a status from 400 on failed. */
export function resultOf(response: WebResponse): ToolResult {
  const { status } = response;
  const content = contentOf(response);
  if (status < 400) {
    const done: ToolContent = { type: "text", text: `done (status ${status})` };
    return { content: content ? [content] : [done] };
  }
  const text = `the server answers ${status}`;
  return { content: [{ type: "text", text }, ...(content ? [content] : [])], failed: true };
}

function contentOf({ body, headers }: WebResponse): ToolContent | undefined {
  if (body.length === 0) return undefined;
  const type = (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
  const mimeType = IMAGES.find((image) => image === type);
  if (mimeType && body.length <= IMAGE_BYTES_MAX) {
    return { type: "image", mimeType, data: body.toBase64() };
  }
  const text = textOf(body);
  if (text === undefined) {
    return { type: "text", text: `${body.length} bytes of ${type || "no type"}` };
  }
  const value = /json|^$/.test(type) && text.length <= TEXT_CHARS_MAX ? jsonOf(text) : undefined;
  return value === undefined ? { type: "text", text: clipped(text) } : { type: "json", value };
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined; // bytes of another kind
  }
}

function jsonOf(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it only says so
  }
}

function clipped(text: string): string {
  if (text.length <= TEXT_CHARS_MAX) return text;
  return `${text.slice(0, TEXT_CHARS_MAX)}\n… (${text.length - TEXT_CHARS_MAX} characters more)`;
}
