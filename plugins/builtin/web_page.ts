/** Reads a page of the web: fetched through the door of all plugins, made readable in a process of its own. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { textResult, type Tool } from "../tools/tool.ts";
import type { Web } from "../tools/web.ts";
import { ownTool } from "./own_tool.ts";

/** Characters of one answer: some 3,000 tokens. */
const PART_CHARS = 12_000;
/** Longer pages are not read: it is all sent to the other process. */
const PAGE_BYTES_MAX = 2 << 20;

/** The tool; `readable` makes title and text of HTML. */
export function webPageTool(web: Pick<Web, "send">, readable: () => Promise<Tool>): Tool {
  return ownTool({
    name: "read_page",
    description: "Fetches a web page by its address and returns its readable text.",
    effect: "reads",
    input: z.object({
      url: z.string().min(4).max(4000).describe("Address, beginning with http:// or https://"),
      from: z.int().min(0).max(10_000_000).default(0)
        .describe("Where to go on in a long page: the number of characters read before"),
    }),
    run: async ({ url, from }, context) => {
      const response = await web.send({
        url,
        headers: { accept: "text/html, text/*;q=0.9, application/json;q=0.8" },
        bytesMax: PAGE_BYTES_MAX,
        signal: context.signal,
      });
      if (response.status >= 400) {
        throw new FlintError("unavailable", `${url} answers ${response.status}`);
      }
      const { type, text } = decoded(response.headers["content-type"] ?? "", response.body);
      if (!/html/.test(type)) return textResult(partOf(text, from));
      const made = await (await readable()).call({ html: text }, context);
      const [piece] = made.content;
      if (piece?.type !== "json") return made;
      const page = z.object({ title: z.string(), text: z.string() }).parse(piece.value);
      return textResult(partOf(page.title ? `# ${page.title}\n\n${page.text}` : page.text, from));
    },
  });
}

/** @throws FlintError bad_input for what is no text */
function decoded(contentType: string, body: Uint8Array): { type: string; text: string } {
  const type = contentType.split(";")[0]!.trim().toLowerCase() || "text/html";
  if (!/^text\/|html|json|xml/.test(type)) {
    throw new FlintError("bad_input", `this is ${type}: only pages and texts can be read`);
  }
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? metaCharset(body) ?? "utf-8";
  try {
    return { type, text: new TextDecoder(charset).decode(body) };
  } catch {
    return { type, text: new TextDecoder().decode(body) }; // a charset that nobody knows
  }
}

/** What a page says of itself in its first kilobyte. */
function metaCharset(body: Uint8Array): string | undefined {
  const head = new TextDecoder("latin1").decode(body.subarray(0, 1024));
  return /<meta[^>]+charset=["']?([\w-]+)/i.exec(head)?.[1];
}

function partOf(text: string, from: number): string {
  const part = text.slice(from, from + PART_CHARS);
  const end = from + part.length;
  if (part === "") return `the page has ${text.length} characters`;
  if (end === text.length) return part;
  return `${part}\n\n[${end} of ${text.length} characters; for more call with from: ${end}]`;
}
