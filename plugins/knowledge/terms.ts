/** What a text is found by: words without their endings, codes, numbers, and pairs of Chinese characters. */

const TOKEN = /[\p{sc=Han}]+|[\p{L}\p{M}\p{N}]+(?:[-_.,:'’/][\p{L}\p{M}\p{N}]+)*/gu;
const HAN = /^\p{sc=Han}/u;
const CODE = /^(?=.*\p{L})(?=.*\p{N})/u;

/** Chinese words that carry no matter; pairs never reach across them. */
const HAN_EMPTY =
  /多少|什么|怎么|怎样|为什么|应该|时候|哪[个家种里些一]?|这[个里些]?|那[个里些]?|我们|你们|他们|它们|[的是了吗呢吧谁几它他她在和与或及把被向从到由对也都就不请其该于而但]/;

/** Terms in order, repeated as often as they stand there. */
export function termsOf(text: string): string[] {
  return wordsOf(text).flatMap((word) =>
    HAN.test(word) ? word.split(HAN_EMPTY).flatMap(pairsOf) : latinTerms(word)
  );
}

/** Whether a text, whose terms are given, holds a term; one Chinese character is looked for as it stands. */
export function holdsTerm(text: string, terms: ReadonlySet<string>, term: string): boolean {
  return terms.has(term) || HAN.test(term) && text.includes(term);
}

/** Words of English that carry no matter, as terms. */
const EMPTY = new Set(
  ("a an the of in on at to for from by with and or but if is are was were be been has have had do " +
    "does did can may must shall will would should it its them they their he she his her this that " +
    "these those there what which who whom whose when where why how much many long far often very " +
    "also not no yes as than then so please tell me i you we my your our need take make made get " +
    "according mean meant").split(" ").flatMap(latinTerms),
);

/** The terms that carry matter, each once; numbers are left out, for quantities.ts compares them. */
export function matterOf(text: string): Set<string> {
  return new Set(termsOf(text).filter((term) => !EMPTY.has(term) && !/^\d/.test(term)));
}

/** Words as they stand, lower-case; a run of Chinese characters is one. */
export function wordsOf(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().match(TOKEN) ?? [];
}

/** Characters and pairs: which ones make a word is not known, but the right pairs are among them. */
export function pairsOf(run: string): string[] {
  const signs = [...run];
  if (signs.length < 2) return signs;
  return signs.slice(1).map((sign, i) => signs[i]! + sign);
}

/** A code is found whole ("hx-45", as "hx45") and by its parts. */
function latinTerms(word: string): string[] {
  if (/^\p{N}/u.test(word) && !CODE.test(word)) {
    const number = Number(word.replaceAll(",", ""));
    return [Number.isNaN(number) ? word : String(number)];
  }
  const parts = word.split(/[-_.,:'’/]/).filter((part) => part !== "" && part !== "s");
  if (parts.length === 1) return [CODE.test(parts[0]!) ? parts[0]! : stem(parts[0]!)];
  const whole = CODE.test(word) ? [parts.join("")] : [];
  return [...whole, ...parts.map(stem)];
}

/** The usual English endings; as long as query and text are cut alike, a wrong cut does no harm. */
function stem(word: string): string {
  if (word.length < 4 || /[^a-z]/.test(word)) return word;
  const cut = word.replace(/(?:ies|ied)$/, "y").replace(/(?:sses)$/, "ss")
    .replace(/([^su])s$/, "$1").replace(/(?:ing|ed)$/, "");
  const base = cut.length >= 3 ? cut : word;
  return base.replace(/([bdfgmnprt])\1$/, "$1").replace(/e$/, "");
}

/** Whether a text is mainly Chinese. */
export function isHan(text: string): boolean {
  const han = text.match(/\p{sc=Han}/gu)?.length ?? 0;
  return han * 2 > (text.match(/\p{L}/gu)?.length ?? 0);
}
