/** English messages about a draft, read as operations: one rule for each thing they may be about. Pure. */
import { namedAvatar } from "./avatars.ts";
import { namedCategory } from "./categories.ts";
import { mostAlike } from "./instructions.ts";
import { LANGUAGE_EN, languageTag } from "./languages.ts";
import { ordinalIn } from "./ordinal.ts";
import { after, has, type Rule } from "./said.ts";

/** Courtesies behind an order. */
export const TAIL = /[\s,]*\b(?:please|thanks|thank you|instead|if you can|for now)\b[.!]*$/iu;

/** Ways of saying "remove". */
export const DROP =
  "(?:drop|remove|delete|get rid of|take (?:away|out|off)|lose|scrap|cut|erase|ditch|kill|throw (?:out|away)|forget|omit|skip|strike|(?:do not|don't) (?:need|want|like)|no need for|without|clear)";

/** Names of conversation starters. */
export const STARTER =
  "(?:(?:conversation )?(?:starters?|openers?)|opening (?:lines?|messages?|questions?|prompts?)|first messages?|(?:suggested|sample|example) (?:questions?|messages?|prompts?))";

/** Names of tools. */
export const TOOL = "(?:tools?|plug-?ins?|extensions?|connectors?|integrations?)";

/** What stands between a thing and its new value. */
const BECOME = "(?:with|to|into|by|as|is|be|becomes?|say|says|read|reads|for|:)";

/** A name without quotes, full stop or courtesies. */
function clean(value: string): string {
  return value.replace(TAIL, "").replace(/^["“'«]+|["”'».,;!]+$/gu, "").trim();
}

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

export const starters: Rule = ({ bare, values, text, draft }) => {
  if (!has(bare, STARTER)) return undefined;
  const list = draft.starters;
  const value = values.at(-1) ?? after(text, new RegExp(`\\b${BECOME}\\s+(.+)$`, "iu"));
  const ordinal = ordinalIn(bare, list.length);
  const becomes =
    /\b(?:replace|change|swap|exchange|rewrite|reword|should (?:be|say|read)|becomes?|make)\b/iu
      .test(bare);
  if (ordinal !== undefined && becomes) {
    return { kind: "replace_starter", at: ordinal, ...(value ? { text: value } : {}) };
  }
  if (has(bare, `\\b${DROP}\\b`)) {
    const about = values[0] ?? after(bare, /\b(?:about|on|with|that says|saying|for)\s+(.+)$/iu);
    const alike = about === undefined ? undefined : mostAlike(list, about);
    const at = ordinal ?? (alike === undefined ? undefined : list.indexOf(alike));
    return { kind: "drop_starter", ...(at === undefined ? {} : { at }) };
  }
  return { kind: "add_starter", ...(values[0] ? { text: values[0] } : {}) };
};

/** A starter or tag that is quoted needs no name for what it is. */
export const quotedItem: Rule = ({ bare, values, draft: { starters, tags } }) => {
  const [quoted, to] = values;
  const at = starters.findIndex((one) => one.toLowerCase() === quoted?.toLowerCase());
  if (at >= 0 && to) return { kind: "replace_starter", at, text: to };
  if (!has(bare, `\\b${DROP}\\b`)) return undefined;
  if (at >= 0) return { kind: "drop_starter", at };
  const tag = tags.find((one) => one.toLowerCase() === quoted?.toLowerCase());
  return tag ? { kind: "remove_tag", text: tag } : undefined;
};

export const tags: Rule = ({ bare, values, text, draft }) => {
  if (!/\b(?:un)?tag(?:s|ged)?\b|\bkeywords?\b|\blabels?\b/iu.test(bare)) return undefined;
  const named = (values.length > 0 ? values.join(", ") : undefined) ??
    after(
      text,
      /\b(?:tag(?:ged)?(?: it| this)?|keyword|label)\s+(?:with|as|called|named)\s+(.+)$/iu,
    ) ??
    after(
      text,
      /\b(?:add|remove|drop|delete|take)\s+(?!(?:the|a|an|another)?\s*(?:tag|keyword|label))(.+?)\s+(?:to|from|as|out of|off)\b/iu,
    ) ??
    after(text, /\b(?:untag|tags?|keywords?|labels?)\s+(.+)$/iu) ??
    after(text, /\b(?:the|a|this|that)\s+(\S+)\s+(?:tag|keyword|label)\b/iu);
  const tag = named?.replace(/^(?:the|a|an)\s+/iu, "").replace(/\s+(?:as well|too|also)$/iu, "");
  const value = tag ? { text: clean(tag) } : {};
  if (has(bare, `\\b(?:${DROP}|untag)\\b`)) {
    const known = draft.tags.find((one) => one.toLowerCase() === value.text?.toLowerCase());
    return { kind: "remove_tag", ...(known ? { text: known } : value) };
  }
  return { kind: "add_tag", ...value };
};

export const tools: Rule = ({ bare, values }) => {
  const name = after(
    bare,
    new RegExp(`\\b(?:the|a|an|its|this)?\\s*([\\w-]+)\\s+${TOOL}\\b`, "iu"),
  );
  if (!has(bare, `\\b${TOOL}\\b`)) return undefined;
  const value = values[0] ?? name;
  const off = has(
    bare,
    `\\b(?:${DROP}|disable|disconnect|turn off|switch off|uninstall|unplug|stop using)\\b`,
  );
  const on =
    /\b(?:add|give|connect|enable|install|use|turn on|switch on|plug|let|attach|with|get)\b/iu.test(
      bare,
    );
  if (!off && !on) return undefined;
  return { kind: off ? "remove_tool" : "add_tool", ...(value ? { text: clean(value) } : {}) };
};
