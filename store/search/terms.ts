/** What documents and queries are cut into: stems of words, pairs of signs where words have no gaps. */
import { pairsOf, termsOf as stemsOf, wordsOf } from "@flint/plugins";

/** Scripts that set no gaps between words, or hang endings on them that pairs see through. */
const GAPLESS =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** Longest term; a longer "word" is somebody's data. */
const TERM_CHARS_MAX = 40;

/** A word of a text. */
export interface Word {
  /** As it stands, folded. */
  readonly raw: string;
  /** What it is found by. */
  readonly terms: readonly string[];
  /** What it is found by in a name or a tag: also by how it begins, and by its unstemmed form. */
  readonly inName: readonly string[];
  /** Of a script without gaps: `terms` are its pairs of signs. */
  readonly gapless: boolean;
}

/** Words that were met lately; most of a text's are. */
const known = new Map<string, Word>();
const KNOWN_MAX = 20_000;

/** The words of a text in order: lower case, without accents, whole-width. */
export function wordsIn(text: string): Word[] {
  return wordsOf(fold(text)).map((word) => {
    const raw = word.slice(0, TERM_CHARS_MAX);
    let found = known.get(raw);
    if (!found) {
      if (known.size === KNOWN_MAX) known.clear();
      known.set(raw, found = wordOf(raw));
    }
    return found;
  });
}

function wordOf(raw: string): Word {
  const gapless = GAPLESS.test(raw), terms = gapless ? pairsOf(raw) : stemsOf(raw);
  const form = formOf(raw, gapless, terms), beginnings = beginningsOf(raw, gapless);
  return { raw, gapless, terms, inName: [...terms, ...beginnings, ...form ? [form] : []] };
}

/** As `café` and `cafe`, `Straße` and `strasse` are one to who searches. */
function fold(text: string): string {
  // Marks of scripts that write vowels by them stay.
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").normalize("NFKC")
    .replaceAll("ß", "ss").replaceAll("ı", "i");
}

/** Longest beginning of a word that is a term of its own. */
export const SHORT_PREFIX = 3;

/**
 * What a word of a name or a tag is found by while it is being typed: its first one to three signs
 * ("^w", "^wr", "^wri"), or each sign of a script without gaps.
 */
function beginningsOf(raw: string, gapless: boolean): string[] {
  const signs = [...raw];
  if (gapless) return signs.map((sign) => `^${sign}`);
  return signs.slice(0, SHORT_PREFIX).map((_, i) => `^${signs.slice(0, i + 1).join("")}`);
}

/** The term of a word's unstemmed form, where it is not its stem: by it longer beginnings are found. */
export function formOf(raw: string, gapless: boolean, terms: readonly string[]) {
  return gapless || terms.includes(raw) ? undefined : `=${raw}`;
}

/** What stands for a document's property, so that a filter is a list of postings like any word. */
export function filterTerm(kind: "category" | "language" | "tag" | "publisher", value: string) {
  return `${kind}:${fold(value).toLowerCase().replace(/\p{Cc}/gu, " ").slice(0, 64)}`;
}

/** What every document has, so that all of them can be walked like those of one property. */
export const EVERY = "every:";
