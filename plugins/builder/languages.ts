/** Names of languages, in English, in Chinese and in themselves, as people write them. Pure. */

/** What a person may ask an assistant to answer in. */
export const LANGUAGE_TAGS: readonly string[] = (
  "en zh-CN zh-TW fr de es it pt nl ja ko ru ar hi tr pl sv da nb fi cs el he th vi id uk ro hu fa bn ur " +
  "ms tl sw ca la yue"
).split(" ");

const english = new Intl.DisplayNames("en", { type: "language" });
const chinese = new Intl.DisplayNames("zh", { type: "language" });

/** Other words for them. */
const ALIASES: Readonly<Record<string, string>> = {
  chinese: "zh-CN",
  "british english": "en-GB",
  "american english": "en-US",
  mandarin: "zh-CN",
  "simplified chinese": "zh-CN",
  "traditional chinese": "zh-TW",
  norwegian: "nb",
  brazilian: "pt-BR",
  farsi: "fa",
  tagalog: "tl",
  castilian: "es",
  中文: "zh-CN",
  汉语: "zh-CN",
  普通话: "zh-CN",
  国语: "zh-CN",
  简体中文: "zh-CN",
  繁体中文: "zh-TW",
  英文: "en",
  法文: "fr",
  德文: "de",
  日文: "ja",
  韩文: "ko",
  俄文: "ru",
  西语: "es",
  意大利文: "it",
};

const BY_NAME = new Map<string, string>([
  ...LANGUAGE_TAGS.flatMap((tag): [string, string][] =>
    [english.of(tag)!, chinese.of(tag)!, ownName(tag)].map((name) => [name.toLowerCase(), tag])
  ),
  ...Object.entries(ALIASES),
]);

const escaped = [...BY_NAME.keys()].sort((a, b) => b.length - a.length)
  .map((name) => name.replace(/[()]/g, "\\$&"));
const latin = escaped.filter((name) => /^[\p{Script=Latin} ]+$/u.test(name));

/** Source of a pattern that matches any English or own name, or any Chinese name, of a language. */
export const LANGUAGE_EN = `(?:${latin.join("|")})`;
export const LANGUAGE_ZH = `(?:${
  escaped.filter((name) => /\p{Script=Han}/u.test(name)).join("|")
})`;

/** The BCP 47 tag of a language's name; undefined if it is none of ours. */
export function languageTag(name: string): string | undefined {
  return BY_NAME.get(name.trim().toLowerCase());
}

/** "French" or "法语". */
export function languageName(tag: string, within: "en" | "zh"): string {
  if (tag === "zh-CN") return within === "zh" ? "中文" : "Chinese";
  return (within === "zh" ? chinese : english).of(tag) ?? tag;
}

function ownName(tag: string): string {
  return new Intl.DisplayNames(tag, { type: "language" }).of(tag)!;
}
