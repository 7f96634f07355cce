/**
 * Markdown to HTML, for the server's pages and the streaming island alike. Answers are hostile:
 * HTML in them is shown as text, links may only be http, https, mailto or relative, and pictures
 * become links, so that reading an answer never makes the browser ask another host.
 */
import MarkdownIt from "markdown-it";

/** Colours code: HTML with every character of the code escaped, or undefined for a language unknown. */
export type Highlight = (code: string, language: string) => string | undefined;

/** What the renderer needs from its surroundings. */
export interface MarkdownOptions {
  /** Label of the copy button on code blocks. */
  readonly copy: string;
  /** Missing while the browser has not loaded its highlighter yet. */
  readonly highlight?: Highlight | undefined;
}

/** Renders text to one HTML string per top-level block; equal prefixes give equal blocks. */
export type RenderBlocks = (text: string) => string[];

/** Longest text rendered as markdown; a longer one is cut with a mark. 20 times the longest context. */
const TEXT_MAX = 400_000;
/** Deepest nesting of lists and quotes, so that ">>>>..." cannot make a slow or deep page. */
const NESTING_MAX = 24;

/** Builds the renderer. */
export function createMarkdown({ copy, highlight }: MarkdownOptions): RenderBlocks {
  const md = new MarkdownIt({ html: false, linkify: false, breaks: true, maxNesting: NESTING_MAX });
  const { escapeHtml } = md.utils;

  md.renderer.rules.fence = md.renderer.rules.code_block = (tokens, index) => {
    const { content, info } = tokens[index]!;
    const language = info.trim().split(/\s+/, 1)[0]!.slice(0, 32);
    const code = highlight?.(content, language) ?? escapeHtml(content);
    return `<figure class="code"><figcaption><span>${escapeHtml(language || "text")}</span>` +
      `<button type="button" class="code-copy" data-copy-code>${escapeHtml(copy)}</button>` +
      `</figcaption><pre tabindex="0"><code class="hljs">${code}</code></pre></figure>`;
  };
  md.renderer.rules.image = (tokens, index) => {
    const { content, attrs } = tokens[index]!;
    const address = String(attrs?.find(([name]) => name === "src")?.[1] ?? "");
    return `<a href="${escapeHtml(address)}" target="_blank" rel="noopener noreferrer nofollow">` +
      `${escapeHtml(content || address)}</a>`;
  };
  md.renderer.rules.link_open = (tokens, index, options, _env, self) => {
    tokens[index]!.attrSet("target", "_blank");
    tokens[index]!.attrSet("rel", "noopener noreferrer nofollow");
    return self.renderToken(tokens, index, options);
  };
  md.renderer.rules.th_open = md.renderer.rules.td_open = (tokens, index, options, _env, self) => {
    const token = tokens[index]!;
    // The page's policy allows no inline style: "text-align:right" becomes the class "right".
    const align = String(token.attrGet("style") ?? "").split(":")[1];
    token.attrs = align ? [["class", align]] : null;
    return self.renderToken(tokens, index, options);
  };
  md.renderer.rules.table_open = () => `<div class="table" tabindex="0"><table>`;
  md.renderer.rules.table_close = () => "</table></div>";

  return (text) => {
    const env = {};
    const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} …` : text;
    return blocks(md.parse(cut, env)).map((tokens) => md.renderer.render(tokens, md.options, env));
  };
}

/** Splits a token stream where nesting returns to the top. */
function blocks<T extends { nesting: number }>(tokens: T[]): T[][] {
  const groups: T[][] = [];
  let group: T[] = [], depth = 0;
  for (const token of tokens) {
    group.push(token);
    depth += token.nesting;
    if (depth === 0) groups.push(group), group = [];
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
