/** Numbers and codes of a text, so that two texts can be held against each other however they write them. */

const WORDS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  second: 2,
  three: 3,
  third: 3,
  four: 4,
  fourth: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  hundred: 100,
};
const DIGITS = "零一二三四五六七八九";
const HAN_NUMBER = /[零〇一二两三四五六七八九十百千万]+/g;

/** All numbers, as digits: "1,150" and "一千一百五十" are "1150". */
export function numbersOf(text: string): Set<string> {
  const plain = text.normalize("NFKC").toLowerCase();
  const found = new Set<string>();
  const latin = plain.replace(/\p{L}[\p{L}\p{N}]*-?\d[\p{L}\p{N}]*/gu, " "); // codes are no numbers
  for (const [number] of latin.matchAll(/\d+(?:,\d{3})*(?:\.\d+)?/g)) {
    found.add(String(Number(number.replaceAll(",", ""))));
  }
  for (const [word] of plain.matchAll(/[a-z]+/g)) {
    if (Object.hasOwn(WORDS, word)) found.add(String(WORDS[word]));
  }
  for (const [run] of plain.matchAll(HAN_NUMBER)) {
    const number = hanNumber(run);
    if (number !== undefined) found.add(String(number));
  }
  return found;
}

/** "三十五" is 35, "二〇三二" is 2032; undefined for what is no number. */
function hanNumber(run: string): number | undefined {
  const signs = run.replaceAll("〇", "零").replaceAll("两", "二");
  if (/^[零一二三四五六七八九]+$/.test(signs)) {
    return Number([...signs].map((sign) => DIGITS.indexOf(sign)).join(""));
  }
  let total = 0, section = 0, digit = 0;
  for (const sign of signs) {
    const at = DIGITS.indexOf(sign);
    if (at >= 0) digit = at;
    else if (sign === "万") {
      total += (section + digit) * 10_000;
      section = digit = 0;
    } else {
      const unit = sign === "十" ? 10 : sign === "百" ? 100 : 1000;
      section += (digit || 1) * unit;
      digit = 0;
    }
  }
  const number = total + section + digit;
  return number > 0 ? number : undefined;
}

/** Names with letters and digits: "HX-45", "BF 127", "E7"; written together and lower-case. */
export function codesOf(text: string): Set<string> {
  const codes = text.normalize("NFKC").match(/\p{Lu}{1,4}[- ]?\d{1,5}(?![\p{N}\p{L}])/gu) ?? [];
  return new Set(codes.map((code) => code.toLowerCase().replace(/[- ]/, "")));
}

/** Letters of a code; codes with the same letters name things of one kind. */
export function kindOfCode(code: string): string {
  return code.replace(/\d+$/, "");
}

/** Things named with a capital, or in quotation marks, as they stand. Of English and Chinese alone. */
export function namesOf(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(/[“《「"]([^”》」"]{1,40})[”》」"]/g)) names.add(name!);
  const capitals = /(?<![.!?:]\s|^|\n|[“"])\b\p{Lu}[\p{L}'’]+(?:(?:\s&)?\s\p{Lu}[\p{L}'’]+)*/gu;
  for (const [name] of text.matchAll(capitals)) names.add(name);
  return names;
}
