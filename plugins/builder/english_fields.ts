/** English messages about single fields: description, avatar, name, visibility, category, language. Pure. */
import { namedAvatar } from "./avatars.ts";
import { namedCategory } from "./categories.ts";
import { clean } from "./english_words.ts";
import { LANGUAGE_EN, languageTag } from "./languages.ts";
import { after, has, type Rule } from "./said.ts";

const PICTURE = "(?:avatar|picture|icon|image|logo|portrait|profile pic(?:ture)?|emoji)";
const ABOUT = "(?:description|(?:the|its) summary|tag ?line|blurb|subtitle|about text)";

export const description: Rule = ({ bare, values, text }) => {
  if (!has(bare, `\\b${ABOUT}\\b`)) return undefined;
  const value = values.at(-1) ??
    after(
      text,
      new RegExp(
        `\\b${ABOUT}\\b.*?\\b(?:to say(?: that)?|to|should be|should say|should read|is|be|into|with)\\s+(.+)$`,
        "iu",
      ),
    );
  return { kind: "set_description", ...(value ? { text: value } : {}) };
};

export const avatar: Rule = ({ bare, text }) => {
  const emojiAlone = /^[\p{Extended_Pictographic}\ufe0f\u200d\p{Emoji_Modifier}\s]+$/u.test(text);
  const isRule =
    /\b(?:answers?|replies|repl(?:y|ies)|messages?|never|always|no|users?|texts?|explain|describe)\b/iu
      .test(bare);
  if (!emojiAlone && (!has(bare, `\\b${PICTURE}\\b`) || isRule)) return undefined;
  const drawn = namedAvatar(text);
  return { kind: "set_avatar", ...(drawn ? { text: drawn } : {}) };
};

const IT =
  "(?:it|this|that|him|her|them|(?:the|my|this|your) (?:bot|assistant|thing|agent|tutor|coach|gpt|helper))";

export const name: Rule = ({ bare, values, text }) => {
  const asks = has(bare, `\\b(?:call|name|rename|title|christen)\\s+(?:${IT}|yourself|§)`) ||
    has(
      bare,
      `\\brename\\b|\\b${IT} (?:should be |to be )?(?:called|named)\\b|\\bbe called\\b|(?:don't|do not) like (?:the|its|this|that) name\\b`,
    ) ||
    /^(?:the |its |new )*name\b|\b(?:change|set|make|give|different|another|better|new)\b[^.]*\bname\b/iu
        .test(bare) && !/\buser'?s?\b/iu.test(bare);
  if (!asks) return undefined;
  const value = values.at(-1) ??
    after(
      text,
      new RegExp(`\\b(?:call|name|title|christen)\\s+(?:${IT}|yourself)\\s+(.+)$`, "iu"),
    ) ??
    after(text, /\b(?:called|named)\s+(.+)$/iu) ??
    after(text, /\brename\b.*?\b(?:to|as|into)\s+(.+)$/iu) ??
    after(text, new RegExp(`\\brename\\s+(?:${IT}\\s+)?(.+)$`, "iu")) ??
    after(
      text,
      /\bname\b.*?\b(?:to be|to|should be|be|is|into|i'd like|make it|use|i want|how about|maybe)\s+(.+)$/iu,
    );
  const named = value && clean(value).replace(/\?$/u, "");
  const isPronoun = named && new RegExp(`^${IT}$`, "iu").test(named);
  return { kind: "set_name", ...(named && !isPronoun ? { text: named } : {}) };
};

export const visibility: Rule = ({ bare }) => {
  const asks =
    /\b(?:publish|unpublish|make (?:it|this) (?:public|private|visible)|share (?:it|this)\b|list it|put it (?:online|in the store)|visib(?:le|ility))\b/iu;
  return asks.test(bare) ? { kind: "set_visibility" } : undefined;
};

export const category: Rule = ({ bare, values, text }) => {
  const keyword = /\b(?:category|categori[sz]e|shelf|section|genre)\b/iu.test(bare);
  const place = after(
    text,
    /\b(?:put|move|file|place|list|shelve|belongs?|goes|sort|categori[sz]e|change)\b.*?\b(?:under|into|in|on|to|with|as|among)\s+(.+)$/iu,
  );
  const phrase = values[0] ?? place ??
    after(text, /\b(?:category|shelf|section)\b(?:.*\b(?:is|be|to))?\s+(.+)$/iu);
  const found = phrase === undefined ? undefined : namedCategory(clean(phrase));
  if (found) return { kind: "set_category", text: found };
  return keyword ? { kind: "set_category" } : undefined;
};

export const language: Rule = ({ bare, text }) => {
  if (/\b(?:translate|translations?|learn|teach)\b/iu.test(bare)) return undefined;
  if ((bare.match(new RegExp(`\\b${LANGUAGE_EN}\\b`, "giu")) ?? []).length > 1) {
    return { kind: "add_instruction", text }; // several: that is for the model to keep to
  }
  const verb =
    "(?:answer|repl(?:y|ies)|respond|speak|talk|write|communicate|converse|switch|use|be|chat|say everything)";
  const spoken = new RegExp(
    `\\b${verb}\\w*\\b.*?\\b(${LANGUAGE_EN})\\b|\\bin (${LANGUAGE_EN})\\b|^(${LANGUAGE_EN})$|\\blanguage\\b.*\\b(${LANGUAGE_EN})\\b`,
    "iu",
  )
    .exec(bare);
  const tag = languageTag(spoken?.slice(1).find((group) => group !== undefined) ?? "");
  return tag ? { kind: "set_language", text: tag } : undefined;
};
