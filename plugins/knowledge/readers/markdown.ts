/** Markdown into blocks, by way of HTML. */
import MarkdownIt from "markdown-it";
import type { Reading } from "../block.ts";
import { readHtml } from "./html.ts";

const markdown = new MarkdownIt({ html: true });

/** Reads Markdown with tables; a front matter of YAML is left out. */
export function readMarkdown(text: string): Reading {
  return readHtml(markdown.render(text.replace(/^---\n.*?\n---\n/s, "")), { article: false });
}
