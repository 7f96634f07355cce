/** Makes a complete manifest of a wish by rules and templates alone. Pure; a model may then better its texts. */
import { ASSISTANT_DEFAULTS, type Manifest } from "../schema.ts";
import { drawnAvatar } from "./avatars.ts";
import { type Category, categoryName } from "./categories.ts";
import { chineseTerms } from "./glossary.ts";
import { addLine, languageLine } from "./instructions.ts";
import { knownWords } from "./lexicon.ts";
import { firstWords } from "../plain_text.ts";
import { CHINESE, ENGLISH, type Template } from "./templates.ts";
import type { Wish } from "./wish.ts";

const TAGS_MAX = 5;
const NAME_CHARS_MAX = 40;
const DESCRIPTION_CHARS_MAX = 300;

/** The draft of a wish on this shelf. */
export function compose(wish: Wish, category: Category): Manifest {
  const template = templateOf(wish, category);
  const name = nameOf(wish, template);
  return {
    ...ASSISTANT_DEFAULTS,
    name,
    description: describe(wish),
    instructions: instruct(wish, template.rules),
    starters: template.starters.map((starter) =>
      starter.replace("{}", wish.topic || template.topic)
    ),
    category,
    language: wish.language,
    tags: tagsOf(wish, category),
    avatar: drawnAvatar(name, category),
  };
}

/** Instructions: the job, the person's own rules first, then `rules`, then the language. */
export function instruct({ job, rules, language, chinese }: Wish, more: readonly string[]): string {
  const all = [...rules, ...more].reduce((text, rule) => addLine(text, rule), job);
  return `${all}\n${languageLine(language, chinese)}`;
}

function templateOf({ chinese }: Wish, category: Category): Template {
  return (chinese ? CHINESE : ENGLISH)[category];
}

function nameOf({ role, topic, chinese }: Wish, { suffix }: Template): string {
  if (chinese) {
    if (role && role.length > 3) return firstWords(role, NAME_CHARS_MAX);
    const tail = role && !topic.endsWith(role) ? role : suffix;
    return topic.endsWith(tail) ? topic : `${topic}${tail}`;
  }
  const vague = /^(?:assistant|bot|helper|companion|tool|agent|help|thing|person|friend)s?$/iu;
  if (role && !vague.test(role)) return firstWords(titled(role), NAME_CHARS_MAX);
  const words = topic.split(" ").filter((word) => !/^(?:the|my|a)$/iu.test(word)).slice(-2).join(
    " ",
  );
  return firstWords(`${titled(words)} ${suffix}`.trim(), NAME_CHARS_MAX);
}

/** The wish itself, said of the assistant. */
function describe({ text, chinese }: Wish): string {
  const bare = chinese
    ? text.replace(/^(?:请|麻烦|给我|我想要|我需要|我想|我要)*(?:做|建|创建)?一?个?/u, "")
      .replaceAll("我", "你")
    : text.replace(
      /^(?:please )?(?:i(?:'d| would)? (?:want|need|like) (?:an? assistant (?:that|who|which) |something (?:that|which) |someone (?:who|that) )?|make |build |create |be )(?:me )?/iu,
      "",
    )
      .replace(/\bmy\b/gu, "your").replace(/\bMy\b/gu, "Your").replace(/\bI am\b/gu, "you are")
      .replace(/\bI\b/gu, "you").replace(/\bme\b/gu, "you");
  const line = firstWords(bare, DESCRIPTION_CHARS_MAX);
  const begun = line.charAt(0).toUpperCase() + line.slice(1);
  return /[.!?。！？…]$/u.test(begun) ? begun : begun + (chinese ? "。" : ".");
}

/** Words of the lexicon by which nobody would look for an assistant. */
const NO_TAG =
  /^(?:answers?|questions?|explain|wants?|days?|months?|minutes|someone|nice|everything|anything|什么都|每天|给|选择|steps?|words?)$/u;

function tagsOf({ text, chinese }: Wish, category: Category): string[] {
  const words = chinese ? chineseTerms(text) : knownWords(text);
  const all = [...words.map((word) => word.replaceAll("-", " ")), categoryName(category, chinese)];
  const worth = (tag: string) => tag.length > 1 && tag.length <= 40 && !NO_TAG.test(tag);
  return [...new Set(all)].filter(worth).slice(0, TAGS_MAX);
}

function titled(words: string): string {
  return words.replace(/(?<![\p{L}'])\p{Ll}/gu, (letter) => letter.toUpperCase());
}
