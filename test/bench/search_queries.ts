/**
 * Queries whose answers are known, because they are made from documents. The rule was written before
 * anything was tuned on it: of a document drawn by chance,
 *
 *   title   two words of its name
 *   typo    the same, with one slip in the longer one
 *   prefix  its name's first word and the beginning of its second
 *   words   one of its tags and two words of its description
 *
 * In Chinese, where no gaps cut words: four signs of the name in a row, the same with one changed, its
 * first three signs, and a tag with four signs of the description. Grades: 3 for that document, 1 for
 * others whose name (or tags and description) holds all that was meant.
 */
import { randomInts } from "../random.ts";
import type { MadeUp } from "./catalogue.ts";

/** A query and what answers it. */
export interface Judged {
  readonly kind: "title" | "typo" | "prefix" | "words";
  readonly chinese: boolean;
  readonly text: string;
  /** The last word is only begun. */
  readonly typing: boolean;
  /** Grade of a document. */
  grade(document: MadeUp): number;
}

const KINDS = ["title", "typo", "prefix", "words"] as const;

/** `count` queries, each kind and language as many. */
export function judgedQueries(all: readonly MadeUp[], count: number, seed: number): Judged[] {
  const below = randomInts(seed), judged: Judged[] = [];
  while (judged.length < count) {
    const chinese = judged.length % 2 === 1, kind = KINDS[(judged.length >> 1) % 4]!;
    const item = all[below(all.length)]!;
    if (item.language !== (chinese ? "zh-CN" : "en")) continue;
    const made = chinese ? askChinese(item, kind, below) : askEnglish(item, kind, below);
    if (made) judged.push({ kind, chinese, typing: kind === "prefix", ...made });
  }
  return judged;
}

type Below = (n: number) => number;

function askEnglish(item: MadeUp, kind: Judged["kind"], below: Below) {
  const name = item.name.split(" ");
  if (kind === "words") {
    const tag = item.tags[below(item.tags.length)]!;
    const words = item.description.replace(/\.$/, "").split(" ").slice(2);
    const meant = [tag, words[below(words.length)]!, words[below(words.length)]!];
    return { text: meant.join(" "), grade: gradeBy(item, meant, textOf) };
  }
  if (name.length < 2) return undefined;
  const at = below(name.length - 1), meant = [name[at]!, name[at + 1]!];
  const grade = gradeBy(item, meant, ({ name }) => name);
  if (kind === "title") return { text: meant.join(" "), grade };
  if (kind === "prefix") {
    const [first, second] = [name[0]!, name[1]!];
    const begun = second.slice(0, 2 + below(Math.max(1, second.length - 2)));
    return { text: `${first} ${begun}`, grade: gradeBy(item, [first, begun], ({ name }) => name) };
  }
  const long = meant[0]!.length >= meant[1]!.length ? 0 : 1;
  if (meant[long]!.length < 5) return undefined;
  const typed = meant.map((word, i) => i === long ? slip(word, below) : word);
  return { text: typed.join(" "), grade };
}

function askChinese(item: MadeUp, kind: Judged["kind"], below: Below) {
  const signs = [...item.name].filter((sign) => /\p{sc=Han}/u.test(sign));
  if (signs.length < 5) return undefined;
  if (kind === "words") {
    const words = item.description.match(/\p{sc=Han}{2,}/gu)!;
    const meant = [item.tags[below(item.tags.length)]!, words[below(words.length)]!.slice(0, 4)];
    return { text: meant.join(" "), grade: gradeBy(item, meant, textOf) };
  }
  const at = below(signs.length - 3);
  const meant = kind === "prefix" ? signs.slice(0, 3).join("") : signs.slice(at, at + 4).join("");
  const grade = gradeBy(item, [meant], ({ name }) => name);
  return { text: kind === "typo" ? meant.slice(0, 3) + "的" : meant, grade };
}

function textOf({ tags, description }: MadeUp): string {
  return `${tags.join(" ")} ${description}`;
}

function gradeBy(item: MadeUp, meant: readonly string[], of: (document: MadeUp) => string) {
  const low = meant.map((word) => word.toLowerCase());
  return (document: MadeUp) => {
    if (document.id === item.id) return 3;
    const text = of(document).toLowerCase();
    return low.every((word) => text.includes(word)) ? 1 : 0;
  };
}

/** A letter lost, doubled, changed or swapped, not the first: people get that right. */
function slip(word: string, below: Below): string {
  const at = 1 + below(word.length - 2);
  const before = word.slice(0, at), sign = word[at]!, after = word.slice(at + 1);
  return [
    before + after,
    before + sign + sign + after,
    `${before}e${after}`,
    before + after[0] + sign +
    after.slice(1),
  ][below(4)]!;
}

/** Of the first ten answers, against the best ten there could be (Järvelin and Kekäläinen 2002). */
export function ndcg(query: Judged, answers: readonly MadeUp[], all: readonly MadeUp[]): number {
  const gain = (grades: readonly number[]) =>
    grades.reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0);
  const ideal: number[] = [];
  for (const document of all) {
    const grade = query.grade(document);
    if (grade === 3) ideal.unshift(3);
    else if (grade === 1 && ideal.length < 10) ideal.push(1);
  }
  return gain(answers.slice(0, 10).map(query.grade)) / gain(ideal.slice(0, 10));
}
