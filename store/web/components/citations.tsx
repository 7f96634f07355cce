/** What an answer rests on: the places of its sources, and what none of them supports. */
import type { Citation, SourceSpan } from "@flint/plugins";
import type { Say } from "../strings.ts";

interface CitationsProps {
  readonly citations: readonly Citation[];
  /** The answer's text, which they are spans of. */
  readonly content: string;
  readonly say: Say;
}

/** Each place once, with a link that opens the document there; then the sentences without support. */
export function Citations({ citations, content, say }: CitationsProps) {
  const places = new Map<string, SourceSpan>();
  for (const { verdict, source } of citations) {
    if (source && (verdict === "verbatim" || verdict === "supported")) {
      places.set(placeOf(source), source);
    }
  }
  const unsupported = citations.filter(({ verdict }) => verdict === "unsupported");
  if (places.size === 0 && unsupported.length === 0) return null;
  return (
    <aside class="citations" aria-label={say("sources")}>
      <ol>
        {[...places].map(([place, { title, page, text }]) => (
          <li>
            <a href={place}>
              {title}
              {page === undefined ? "" : `, ${say("pageNumber", { n: String(page) })}`}
            </a>
            <q>{text}</q>
          </li>
        ))}
      </ol>
      {unsupported.map(({ start, end }) => (
        <p class="unsupported">{say("unsupported", { words: content.slice(start, end) })}</p>
      ))}
    </aside>
  );
}

/** Where a citation opens: its document, at its place. */
export function placeOf({ base, document, start, end }: SourceSpan): string {
  return `/knowledge/${
    encodeURIComponent(base)
  }/documents/${document}?start=${start}&end=${end}#cited`;
}
