/** PDF into blocks with page numbers: lines into paragraphs, larger type into headings. */
import { getDocumentProxy } from "unpdf";
import { type Block, type Reading, tidyLine, Unreadable } from "../block.ts";

const PAGES_MAX = 5000;
/** Type this much larger than most of the document's is a heading. */
const HEADING_SCALE = 1.15;
const HEADING_CHARS_MAX = 200;
/** Lines further apart than this many times their height belong to two paragraphs. */
const GAP_SCALE = 1.7;

interface Line {
  text: string;
  /** Of its type, in points. */
  readonly height: number;
  /** Distance from the page's foot, in points. */
  readonly y: number;
  readonly page: number;
}

/** @throws Unreadable when it is encrypted, no PDF, or has no text */
export async function readPdf(bytes: Uint8Array): Promise<Reading> {
  const pdf = await open(bytes);
  if (pdf.numPages > PAGES_MAX) {
    throw new Unreadable(`it has ${pdf.numPages} pages; ${PAGES_MAX} are the most`);
  }
  const lines: Line[] = [];
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = await pdf.getPage(number);
    lines.push(...linesOf((await page.getTextContent()).items as Item[], number));
    page.cleanup();
  }
  if (lines.length === 0) {
    throw new Unreadable("it has no text; pages that are pictures need OCR first");
  }
  const { info } = await pdf.getMetadata();
  const title = (info as { Title?: unknown }).Title;
  return {
    title: typeof title === "string" ? tidyLine(title).slice(0, 300) : "",
    blocks: blocksOf(lines),
  };
}

async function open(bytes: Uint8Array) {
  try {
    return await getDocumentProxy(bytes, { useSystemFonts: false, verbosity: 0 });
  } catch (cause) {
    const { name, message } = cause as Error;
    const why = name === "PasswordException"
      ? "it is encrypted: remove its password first"
      : `it is no PDF that can be read (${message})`;
    throw new Unreadable(why, { cause });
  }
}

interface Item {
  readonly str: string;
  readonly height: number;
  readonly hasEOL: boolean;
  readonly transform: readonly number[];
}

function linesOf(items: readonly Item[], page: number): Line[] {
  const lines: Line[] = [];
  let open: Line | undefined;
  for (const { str, height, hasEOL, transform } of items) {
    const y = transform[5] ?? 0;
    if (open && Math.abs(open.y - y) > Math.max(1, open.height / 2)) open = undefined;
    if (open) open.text += str;
    else if (str.trim() !== "") lines.push(open = { text: str, height, y, page });
    if (hasEOL) open = undefined;
  }
  return lines;
}

function blocksOf(lines: readonly Line[]): Block[] {
  const usual = commonHeight(lines);
  const blocks: Block[] = [];
  let before: Line | undefined;
  for (const line of lines) {
    const last = blocks.at(-1);
    const isLarge = line.height > usual * HEADING_SCALE && line.text.length <= HEADING_CHARS_MAX;
    if (last && before && goesOn(before, line)) last.text = joined(last.text, line.text);
    else {
      const level = isLarge ? { level: line.height > usual * 1.6 ? 1 : 2 } : {};
      blocks.push({ text: tidyLine(line.text), ...level, page: line.page });
    }
    before = line;
  }
  return blocks.filter(({ text }) => text !== "");
}

function goesOn(before: Line, line: Line): boolean {
  if (before.page !== line.page || Math.abs(before.height - line.height) > 0.5) return false;
  const gap = before.y - line.y;
  return gap > 0 && gap <= GAP_SCALE * Math.max(before.height, 1);
}

/** Words parted at a line's end are whole again; Chinese and Japanese have no spaces between lines. */
function joined(text: string, next: string): string {
  const tail = tidyLine(next);
  if (/\p{L}-$/u.test(text) && /^\p{Ll}/u.test(tail)) return text.slice(0, -1) + tail;
  const together = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}，。；：、）]$/u.test(text);
  return together ? text + tail : `${text} ${tail}`;
}

/** The height that most characters have. */
function commonHeight(lines: readonly Line[]): number {
  const counts = new Map<number, number>();
  for (const { height, text } of lines) {
    const rounded = Math.round(height * 2) / 2;
    counts.set(rounded, (counts.get(rounded) ?? 0) + text.length);
  }
  return [...counts].reduce((best, next) => next[1] > best[1] ? next : best)[0];
}
