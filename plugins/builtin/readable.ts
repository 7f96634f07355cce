/// <reference lib="dom" />
/** The text of a page without what is around it. Runs in a process of its own: pages are anyone's. */
import { definePlugin, tool } from "@flint/plugin";
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { z } from "zod";

export default definePlugin({
  name: "Readable",
  description: "Takes the text out of a page.",
  tools: [
    tool({
      name: "readable",
      description: "Title and text of a page in HTML.",
      input: z.object({ html: z.string() }),
      run: ({ html }) => {
        const { document } = parseHTML(
          /<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`,
        );
        const title = document.querySelector("title")?.textContent?.trim() ?? "";
        const body = document.body?.cloneNode(true) as HTMLElement | undefined;
        const article = new Readability(document as unknown as Document).parse();
        const root = article?.content ? parseHTML(article.content).document.documentElement : body;
        return { title: article?.title || title, text: textOf(root).slice(0, TEXT_CHARS_MAX) };
      },
    }),
  ],
});

const TEXT_CHARS_MAX = 180_000;
const BLOCKS =
  /^(address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tr|ul)$/i;
const UNSEEN = /^(script|style|template|noscript|head)$/i;

/** Text with a line for each block and a mark for each item and heading. */
function textOf(root: Node | undefined): string {
  const pieces: string[] = [];
  const walk = (node: Node): void => {
    const name = node.nodeName;
    if (node.nodeType === 3) pieces.push((node.textContent ?? "").replace(/\s+/g, " "));
    if (node.nodeType !== 1 || UNSEEN.test(name)) return;
    if (BLOCKS.test(name)) pieces.push("\n");
    if (/^li$/i.test(name)) pieces.push("- ");
    if (/^h[1-6]$/i.test(name)) pieces.push(`${"#".repeat(Number(name[1]))} `);
    if (/^t[dh]$/i.test(name)) pieces.push(" | ");
    node.childNodes.forEach(walk);
    if (BLOCKS.test(name)) pieces.push("\n");
  };
  if (root) walk(root);
  return pieces.join("").replace(/ *\n */g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}
