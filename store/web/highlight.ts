/** Colours code with highlight.js; apart from markdown.ts so that the browser loads it only when needed. */
import hljs from "highlight.js/lib/common";
import type { Highlight } from "./markdown.ts";

/** Longest code that is coloured; longer code stays plain, for highlight.js is slow on it. */
const CODE_MAX = 50_000;

/** Highlighter for the languages of highlight.js's common set. */
export const highlight: Highlight = (code, language) =>
  code.length <= CODE_MAX && hljs.getLanguage(language)
    ? hljs.highlight(code, { language, ignoreIllegals: true }).value
    : undefined;
