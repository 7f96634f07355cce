/** HTML into blocks: what a person would read. Scripts are text that is thrown away; nothing runs or is fetched. */
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { type Block, type Reading, rowText, tidyLine } from "../block.ts";

/** What no reader of the page sees. */
const UNREAD = "script, style, noscript, template, iframe, object, svg, head, nav, form";
const HEADING = /^H([1-6])$/;
const PARAGRAPH = /^(P|LI|PRE|BLOCKQUOTE|DT|DD|FIGCAPTION|CAPTION|ADDRESS)$/;
/** A page's article must hold at least this share of its text; else the page is no article. */
const ARTICLE_SHARE = 0.5;
const TITLE_CHARS_MAX = 300;

/** Only what of linkedom's elements is used here; its own types claim to be the browser's. */
interface Node {
  readonly nodeType: number;
  readonly tagName: string;
  readonly textContent: string;
  readonly outerHTML: string;
  readonly childNodes: readonly Node[];
  querySelectorAll(selector: string): readonly Node[];
  closest(selector: string): Node | null;
  remove(): void;
}

/** Reads a page; `article` looks for the text that it was made for and leaves out what stands around. */
export function readHtml(html: string, { article = true } = {}): Reading {
  const whole = parsePage(html);
  const title = tidyLine(whole.title).slice(0, TITLE_CHARS_MAX);
  for (const node of whole.body.querySelectorAll(UNREAD)) node.remove();
  let body = whole.body;
  const found = article ? articleOf(body.outerHTML) : undefined;
  if (found && lengthOf(found) >= ARTICLE_SHARE * lengthOf(body)) body = found;
  const blocks: Block[] = [];
  walk(body, blocks);
  return { title: title || blocks.find(({ level }) => level === 1)?.text || "", blocks };
}

function parsePage(html: string): { title: string; body: Node } {
  const page = /<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`;
  const { title, body } = parse(page);
  return { title: title ?? "", body };
}

const parse = (html: string) =>
  (parseHTML(html) as unknown as { document: { title?: string; body: Node } }).document;

function articleOf(body: string): Node | undefined {
  // It changes the document that it reads, so it has one of its own.
  const html = `<html>${body}</html>`;
  const found = new Readability(parse(html) as never, { maxElemsToParse: 100_000 }).parse();
  return found?.content ? parsePage(found.content).body : undefined;
}

const lengthOf = (node: Node) => tidyLine(node.textContent).length;

function walk(node: Node, blocks: Block[]): void {
  let loose = ""; // text that stands in no paragraph
  const flush = () => {
    push(blocks, loose);
    loose = "";
  };
  for (const child of node.childNodes) {
    if (child.nodeType === 3) loose += child.textContent;
    if (child.nodeType !== 1) continue;
    const tag = child.tagName.toUpperCase();
    const level = HEADING.exec(tag)?.[1];
    if (isInline(tag)) {
      loose += child.textContent;
      continue;
    }
    flush();
    if (level !== undefined) push(blocks, child.textContent, Number(level));
    else if (tag === "TABLE") rowsOf(child, blocks);
    else if (PARAGRAPH.test(tag) && !hasBlocks(child)) push(blocks, child.textContent);
    else walk(child, blocks);
  }
  flush();
}

function isInline(tag: string): boolean {
  return /^(A|ABBR|B|BR|CITE|CODE|DEL|EM|FONT|I|IMG|INS|KBD|LABEL|MARK|Q|S|SMALL|SPAN|STRONG|SUB|SUP|TIME|U)$/
    .test(tag);
}

function hasBlocks(node: Node): boolean {
  return node.querySelectorAll("p, li, pre, table, h1, h2, h3, h4, h5, h6").length > 0;
}

function rowsOf(table: Node, blocks: Block[]): void {
  const rows = [...table.querySelectorAll("tr")].map((row) =>
    [...row.querySelectorAll("th, td")].map((cell) => tidyLine(cell.textContent))
  );
  const [names = [], ...body] = rows;
  if (body.length === 0) push(blocks, names.join("; "));
  for (const cells of body) push(blocks, rowText(names, cells));
}

function push(blocks: Block[], raw: string, level?: number): void {
  const text = tidyLine(raw);
  if (text !== "") blocks.push(level === undefined ? { text } : { text, level });
}
