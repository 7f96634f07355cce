/** A reading laid out as one text, and the passages it is found by: whole paragraphs under one heading. */
import type { Block, Reading } from "./block.ts";
import { sentencesOf, type Span } from "./sentences.ts";

/** Weight of a passage, in characters: three of them must leave a small model room to think. */
const PASSAGE_WEIGHT = 420;
const PASSAGE_WEIGHT_MAX = 700;
/** A Chinese character says as much as this many Latin ones. */
const HAN_WEIGHT = 2.5;

/** A part of a document that is found and shown as one. */
export interface Passage extends Span {
  /** From 1, where the file has pages. */
  readonly page?: number;
  /** What it stands under, the document's title first. */
  readonly headings: readonly string[];
}

/** A document as it is kept. */
export interface LaidText {
  readonly title: string;
  /** All of it; passages are spans of this. */
  readonly text: string;
  readonly passages: readonly Passage[];
}

/** Lays a reading out. `name` stands in for a missing title. */
export function layOut({ title, blocks }: Reading, name: string): LaidText {
  const called = title || name.replace(/^.*[\\/]/, "").replace(/\.\w+$/, "");
  const under = new Headings(called);
  const passages: Passage[] = [];
  let text = "";
  let open: { start: number; weight: number; page: number | undefined } | undefined;
  const close = () => {
    if (open) passages.push(passageOf(open, text.trimEnd().length, under.path()));
    open = undefined;
  };
  for (const block of blocks) {
    if (block.level !== undefined) {
      close();
      under.enter(block.level, block.text);
      text += `${block.text}\n`;
      continue;
    }
    for (const part of partsOf(block)) {
      const weight = weightOf(part);
      if (open && (open.weight + weight > PASSAGE_WEIGHT || open.page !== block.page)) close();
      open ??= { start: text.length, weight: 0, page: block.page };
      open.weight += weight;
      text += `${part}\n`;
    }
  }
  close();
  return { title: called, text, passages };
}

function passageOf(
  { start, page }: { start: number; page: number | undefined },
  end: number,
  headings: string[],
): Passage {
  return { start, end, headings, ...(page === undefined ? {} : { page }) };
}

/** The headings above the present place. */
class Headings {
  readonly #title: string;
  #open: { level: number; text: string }[] = [];

  constructor(title: string) {
    this.#title = title;
  }

  enter(level: number, text: string): void {
    this.#open = this.#open.filter((above) => above.level < level);
    if (text !== this.#title) this.#open.push({ level, text: text.slice(0, 200) });
  }

  path(): string[] {
    return [this.#title, ...this.#open.map(({ text }) => text)];
  }
}

/** A paragraph that is too long for one passage, cut between sentences (or anywhere, in one without end). */
function partsOf({ text }: Block): string[] {
  if (weightOf(text) <= PASSAGE_WEIGHT_MAX) return [text];
  const parts: string[] = [];
  let open = "";
  for (const { start, end } of sentencesOf(text)) {
    for (let at = start; at < end; at += PASSAGE_WEIGHT_MAX) {
      const piece = text.slice(at, Math.min(end, at + PASSAGE_WEIGHT_MAX));
      if (open !== "" && weightOf(open) + weightOf(piece) > PASSAGE_WEIGHT) {
        parts.push(open);
        open = "";
      }
      open += open === "" ? piece : ` ${piece}`;
    }
  }
  return [...parts, open].filter((part) => part !== "");
}

/** Characters, with those of Chinese and Japanese counted as what they say. */
export function weightOf(text: string): number {
  const han = text.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu)?.length ?? 0;
  return text.length + han * (HAN_WEIGHT - 1);
}
