/** Instructions as the builder edits them: a paragraph on the job, then one line for each rule. Pure. */
import { languageName } from "./languages.ts";
import { isChinese } from "./script.ts";
import { toneOf, TONES } from "./tones.ts";

/** The lines by which a builder's instructions name the language of the answers. */
const LANGUAGE_LINE =
  /^- (?:(?:always )?answer (?:only )?in [^.]{2,40}\.|(?:请|始终)*用.{2,12}回答。)$/iu;

/** Adds a rule as the last line. A rule of manner takes the place of one that says the contrary. */
export function addLine(instructions: string, text: string): string {
  const line = `- ${asSentence(text)}`;
  const lines = instructions.split("\n");
  if (lines.includes(line)) return instructions;
  const tone = toneOf(text);
  const contrary = TONES.filter(({ axis }) => axis === tone?.axis).flatMap((
    { en, zh },
  ) => [en, zh]);
  return [...lines.filter((one) => !contrary.includes(one.slice(2))), line].join("\n");
}

/** Replaces the first `old` there is; an empty `text` removes it, with its line if that is all of it. */
export function replaceLine(instructions: string, old: string, text: string): string {
  const at = instructions.indexOf(old);
  if (at < 0) return instructions;
  if (text !== "") return instructions.slice(0, at) + text + instructions.slice(at + old.length);
  const lines = instructions.split("\n");
  const rest = lines.filter((line) => line.replace(/^- /, "") !== old);
  return rest.length < lines.length && rest.length > 0
    ? rest.join("\n")
    : instructions.replace(old, "").trim() || instructions;
}

/** Makes the instructions ask for answers in this language, in one line. */
export function setLanguageLine(instructions: string, language: string): string {
  const line = languageLine(language, isChinese(instructions));
  const lines = instructions.split("\n");
  const at = lines.findIndex((one) => LANGUAGE_LINE.test(one));
  return (at < 0 ? [...lines, line] : lines.with(at, line)).join("\n");
}

/** "- Always answer in French." */
export function languageLine(language: string, chinese: boolean): string {
  const name = languageName(language, chinese ? "zh" : "en");
  return chinese ? `- 始终用${name}回答。` : `- Always answer in ${name}.`;
}

/** The rule that a description of it, such as "praise", means best; undefined if none shares a word. */
export function findLine(instructions: string, about: string): string | undefined {
  const rules = instructions.split("\n").map((line) => line.replace(/^- /, ""));
  const exact = rules.find((rule) => rule.toLowerCase().includes(about.toLowerCase()));
  return exact ?? mostAlike(rules, about);
}

/** The text that shares most with `about`: stems of words, or pairs of Chinese characters. */
export function mostAlike(texts: readonly string[], about: string): string | undefined {
  const wanted = pieces(about);
  const shared = texts.map((text) => {
    const have = pieces(text);
    return [...wanted].filter((piece) => have.has(piece)).length;
  });
  const best = Math.max(0, ...shared);
  return best === 0 ? undefined : texts[shared.indexOf(best)];
}

const EMPTY_WORDS = new Set(
  "the a an to of and or in on with it its that this for is are be rule about".split(" "),
);

function pieces(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.flatMap((word) => {
    if (isChinese(word)) {
      return Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2));
    }
    return EMPTY_WORDS.has(word) ? [] : [word.slice(0, 5).replace(/(?:e?s|ing|ed)$/, "")];
  }));
}

/** With a capital and a full stop, on one line. */
function asSentence(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, " ");
  const begun = line.charAt(0).toUpperCase() + line.slice(1);
  if (/[.!?。！？]["”」]?$/.test(begun)) return begun;
  return begun.replace(/[,;:，；：、]$/, "") + (isChinese(begun) ? "。" : ".");
}
