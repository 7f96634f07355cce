/** Reads the sentence that asks for an assistant: its job, its rules, its language, what it is about. Pure. */
import { LANGUAGE_EN, LANGUAGE_ZH, languageTag } from "./languages.ts";
import { isChinese } from "./script.ts";
import { readChineseWish } from "./wish_chinese.ts";
import { readEnglishWish } from "./wish_english.ts";

/** What a wish says of the assistant. */
export interface WishParts {
  /** The first paragraph of the instructions: "You are a maths tutor for ...". */
  readonly job: string;
  /** What the person lays down, each as an order. */
  readonly rules: readonly string[];
  /** What it is about, in a few words; "" if no word tells. */
  readonly topic: string;
  /** What the person calls such an assistant ("maths tutor"), if they do. */
  readonly role: string | undefined;
}

/** A wish, taken apart. */
export interface Wish extends WishParts {
  readonly text: string;
  readonly chinese: boolean;
  /** BCP 47 tag of the language it is to answer in. */
  readonly language: string;
}

/** Takes a wish apart. */
export function readWish(text: string): Wish {
  const chinese = isChinese(text);
  const language = wishedLanguage(text) ?? (chinese ? "zh-CN" : "en");
  const parts = chinese ? readChineseWish(text) : readEnglishWish(text);
  return { text, chinese, language, ...parts };
}

const ANSWER_EN = new RegExp(
  `\\b(?:answer|repl|respond|speak|talk|chat|conver|writ|only)\\w*\\b[^.,;]*?\\b(?:in |only )?(${LANGUAGE_EN})\\b`,
  "iu",
);
const ANSWER_ZH = new RegExp(
  `(?:只?用|说|讲)(${LANGUAGE_ZH})(?:来|跟我|和我|与我)?(?:回答|回复|说|讲|交流|对话|聊)`,
  "u",
);

function wishedLanguage(text: string): string | undefined {
  return languageTag(ANSWER_EN.exec(text)?.[1] ?? ANSWER_ZH.exec(text)?.[1] ?? "");
}
