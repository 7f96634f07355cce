/** Manners of answering that people ask for in a word ("stricter", "简短一点"), as rules for the model. Pure. */
import { isChinese } from "./script.ts";

/** A manner. Two of one axis exclude each other. */
export interface Tone {
  readonly axis: "manner" | "length" | "level" | "register";
  readonly en: string;
  readonly zh: string;
  /** Matches the words for it, in either language. */
  readonly words: RegExp;
}

export const TONES: readonly Tone[] = [
  {
    axis: "manner",
    en: "Be strict: name every mistake and do not soften it.",
    zh: "语气严厉：指出每一个错误，不要含糊。",
    words:
      /\b(?:strict(?:er|ly)?|tough(?:er)?|harsh(?:er)?|stern(?:er)?|severe|demanding)\b|严厉|严格|严肃/iu,
  },
  {
    axis: "manner",
    en: "Be friendly, warm and encouraging.",
    zh: "语气亲切友好，多鼓励。",
    words:
      /\b(?:friendl(?:y|ier)|kind(?:er|ly)?|warm(?:er|ly)?|gentl(?:e|er|y)|nicer?|softer|sweeter|encouraging)\b|友好|亲切|温柔|温和|热情/iu,
  },
  {
    axis: "manner",
    en: "Be funny: a light joke now and then is welcome.",
    zh: "语气幽默风趣，适当开玩笑。",
    words: /\b(?:funn(?:y|ier)|humou?rous|witt(?:y|ier)|playful)\b|幽默|风趣|搞笑/iu,
  },
  {
    axis: "register",
    en: "Be formal and polite.",
    zh: "用语正式、礼貌。",
    words: /\b(?:formal(?:ly)?|polite(?:r|ly)?|professional(?:ly)?|serious)\b|正式|礼貌|专业/iu,
  },
  {
    axis: "register",
    en: "Be casual, as among friends.",
    zh: "用语随意，像朋友聊天一样。",
    words: /\b(?:casual|informal|relaxed|chatty|chattier)\b|随意|轻松|口语化/iu,
  },
  {
    axis: "length",
    en: "Keep answers short: a few sentences at most.",
    zh: "回答要简短，最多几句话。",
    words:
      /\b(?:short(?:er)?|brief(?:er|ly)?|concise(?:ly)?|less wordy|terse(?:r)?)\b|简短|简洁|短一?[点些]/iu,
  },
  {
    axis: "length",
    en: "Answer in detail, with examples.",
    zh: "回答要详细，并举例说明。",
    words:
      /\b(?:long(?:er)?|detailed|more detail(?:s|ed)?|thorough(?:ly)?|in[- ]depth)\b|详细|长一?[点些]/iu,
  },
  {
    axis: "level",
    en: "Use simple words that a child understands.",
    zh: "用简单易懂的话，让孩子也能明白。",
    words:
      /\b(?:simpl(?:e|er|y)|easier|plainer|plain)\b|\b(?:too|less) (?:complicated|difficult|complex|hard)\b|简单|通俗|易懂/iu,
  },
];

/** Words around a manner that add nothing to it. */
const FILLERS_EN =
  /\b(?:please|a|an|bit|little|lot|much|more|be|make|it|its|the|answers?|replies|tone|voice|should|sound|with|and|in|less|very|really|keep|use|words?|must|your|their|style|do|not|don't|so|too|is|it's|are|they|no)\b/giu;
const FILLERS_ZH =
  /请|别|不要|不|那么|这么|太|了|把|让|它|的|语气|口气|态度|回答|回复|说话|要|更|再|得|些|一点儿?|一些|点|用|话|语言|吧|变|改|成|保持|用语/gu;

/** The manner that a text asks for, if it asks for nothing else. */
export function toneOf(text: string): Tone | undefined {
  const rule = text.replace(/^- /, "");
  const known = TONES.find(({ en, zh }) => rule === en || rule === zh);
  if (known) return known;
  const asked = TONES.find(({ words }) => {
    const rest = rule.replace(new RegExp(words.source, "giu"), "")
      .replace(isChinese(text) ? FILLERS_ZH : FILLERS_EN, "");
    return words.test(rule) && !/[\p{L}\p{N}]/u.test(rest);
  });
  const turned = isChinese(text) ? /别|不要|不那么|没那么|太/u : /\b(?:less|not|don't|too|no)\b/iu;
  if (!asked || !turned.test(rule)) return asked;
  return TONES.find(({ axis }, i) => axis === asked.axis && TONES[i] !== asked) ?? asked;
}

/** A manner as a rule, in the language of who asks for it; other texts as they are. */
export function asRule(text: string): string {
  const tone = toneOf(text);
  if (!tone) return text;
  return isChinese(text) ? tone.zh : tone.en;
}
