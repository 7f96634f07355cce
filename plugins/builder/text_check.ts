/** Whether a text that a model wrote is fit for a manifest. Small models repeat, echo and wander off. Pure. */
import { bestCategory, scoreByWords } from "./choose_category.ts";
import { mostAlike } from "./instructions.ts";
import { isChinese } from "./script.ts";

/** What the text must be. */
export interface TextWish {
  readonly min: number;
  readonly max: number;
  readonly chinese: boolean;
  /** What the model was told; it must not come back. */
  readonly prompt: string;
}

/** What no profile says: places to fill in, machine talk, markup. */
const UNFIT =
  /[[\]{}<>\\|]|https?:|\bjson\b|\bassistant'?s? name\b|\bAI (?:language )?model\b|\bas an ai\b|\bprofile\b|\bplaceholder\b|lorem ipsum|```|\*\*|_{2,}/iu;

/** Why a text is unfit; undefined if it is fit. */
export function faultOf(text: string, { min, max, chinese, prompt }: TextWish): string | undefined {
  const line = text.trim();
  if (line.length < min) return "too short";
  if (line.length > max) return "too long";
  if (line.includes("\n")) return "several lines";
  if (UNFIT.test(line)) return "not for people";
  if (isChinese(line) !== chinese) return "another language";
  if (isRepetitive(line)) return "repeats itself";
  if (/^\d+[.、)]/u.test(line)) return "numbered";
  if (sharedRun(line, prompt) > (chinese ? ECHO_CHARS_ZH : ECHO_CHARS)) return "repeats its order";
  return undefined;
}

/** A run of the order this long is no chance. */
const ECHO_CHARS = 24;
const ECHO_CHARS_ZH = 8;

/** Whether a text is about what the wish is about: it shares a word with it, or speaks of its shelf. */
export function isAbout(text: string, wish: string): boolean {
  if (mostAlike([text], wish) !== undefined) return true;
  const shelf = bestCategory(scoreByWords(wish), new Map());
  return (scoreByWords(text).get(shelf) ?? 0) >= 1;
}

/** What the assistant would ask its user, where a user's message was wanted. */
const OFFER =
  /\b(?:would|do|did|are|have) you (?:like|want|need|have|prefer|looking|ever)\b|\b(?:can|may|shall) I help\b|\b(?:the|this|your) assistant\b|^(?:你|您)(?:需要|想要|是否|有没有|希望)|(?:可以|能)帮(?:你|您)/iu;
/** A wish for an assistant, said once more. */
const WISH =
  /^I (?:want|need|am looking for) an? (?:assistant|bot|helper|coach|tutor|partner)\b|^我(?:想要|需要|想找|在找|正在寻找|正在找)一?[个位名].*(?:人|助手|搭档|伙伴|老师|教练|专家|工具)[。！]?$/iu;

/** Whether a starter is what a user says to an assistant that is there. */
export function isUsers(starter: string): boolean {
  return !OFFER.test(starter) && !WISH.test(starter);
}

/** A description without "A chat assistant that ...", which says what everybody knows. */
export function bareDescription(text: string): string {
  const bare = text.replace(
    /^(?:an?|this|the) (?:(?:chat|AI|virtual|helpful|personal|friendly) )*(?:assistant|bot|chat ?bot|tool|helper) (?:(?:that|which|who|designed|created|made|built|is|able) (?:to )?)+/iu,
    "",
  ).replace(/^(?:一个|一款|这是一个)(?:聊天|智能|AI)?(?:助手|机器人|工具)[，,]\s*/u, "");
  return bare.charAt(0).toUpperCase() + bare.slice(1);
}

/** Whether three words, or four characters of Chinese, come twice in a row or thrice in all. */
export function isRepetitive(text: string): boolean {
  const units = isChinese(text)
    ? [...text.replace(/[\s\p{P}]/gu, "")]
    : text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  const size = isChinese(text) ? 4 : 3;
  const counts = new Map<string, number>();
  for (let i = 0; i + size <= units.length; i++) {
    const run = units.slice(i, i + size).join(" ");
    const count = (counts.get(run) ?? 0) + 1;
    if (count > 2 || run === units.slice(i + size, i + 2 * size).join(" ")) return true;
    counts.set(run, count);
  }
  return units.length > 3 && new Set(units).size < units.length / 3;
}

/** Length of the longest run of characters that both texts have; case does not count. */
function sharedRun(a: string, b: string): number {
  const [text, other] = [a.toLowerCase(), b.toLowerCase()];
  let best = 0;
  for (let i = 0; i < text.length; i++) {
    while (i + best < text.length && other.includes(text.slice(i, i + best + 1))) best++;
  }
  return best;
}
