/** "the second one", "第二个": which of some things a person means. Pure. */

const ENGLISH = "first|second|third|fourth|fifth|sixth|seventh|eighth".split("|");
const CHINESE = "一二三四五六七八";

/** The index (from 0) that a text names among `count`; undefined if it names none, or one too many. */
export function ordinalIn(text: string, count: number): number | undefined {
  const at = position(text.toLowerCase(), count);
  return at !== undefined && at >= 0 && at < count ? at : undefined;
}

function position(text: string, count: number): number | undefined {
  if (/\blast\b|最后/u.test(text)) return count - 1;
  const word = new RegExp(`\\b(${ENGLISH.join("|")})\\b`, "u").exec(text)?.[1];
  if (word) return ENGLISH.indexOf(word);
  const digit =
    /\b([1-8])(?:st|nd|rd|th)\b|(?:number|no\.?|#|nr\.?|starter)\s*([1-8])\b|第\s*([1-8])/u.exec(
      text,
    );
  if (digit) return Number(digit[1] ?? digit[2] ?? digit[3]) - 1;
  const han = /第([一二三四五六七八])/u.exec(text)?.[1];
  return han ? CHINESE.indexOf(han) : undefined;
}
