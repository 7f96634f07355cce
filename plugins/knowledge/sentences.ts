/** Where the sentences of a text lie. */

/** Part of a text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
/** What ends with a short form goes on: "Mr. Holt", "No. 6", "1. Minutes". */
const OPEN_END = /(?:^|\s)(?:\p{Lu}|\d{1,2}|Mrs?|Ms|Dr|St|No|vs|etc|e\.g|i\.e|approx)\.\s*$/u;

/** Sentences and lines, without the space around them. Works for any script; a table's row is one. */
export function sentencesOf(text: string): Span[] {
  const spans: { start: number; end: number }[] = [];
  let open = false;
  for (const { index, segment } of segmenter.segment(text)) {
    let start = index;
    for (const line of segment.split(/(?<=[\n。！？])/)) {
      const last = spans.at(-1);
      if (open && last) last.end = start + line.length;
      else spans.push({ start, end: start + line.length });
      open = OPEN_END.test(line) && !line.endsWith("\n");
      start += line.length;
    }
  }
  return spans.map(({ start, end }) => trimmed(text, start, end))
    .filter(({ start, end }) => end > start);
}

function trimmed(text: string, start: number, end: number): Span {
  while (start < end && /\s/.test(text[start]!)) start++;
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  return { start, end };
}
