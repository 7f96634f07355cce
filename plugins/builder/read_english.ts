/** Reads an English message about a draft as an operation, by rules alone. Pure. */
import type { Manifest } from "../schema.ts";
import { namedAvatar } from "./avatars.ts";
import { namedCategory } from "./categories.ts";
import { findLine, mostAlike } from "./instructions.ts";
import { LANGUAGE_EN, languageTag } from "./languages.ts";
import { maskValues } from "./masking.ts";
import type { Operation } from "./operation.ts";
import { ordinalIn } from "./ordinal.ts";
import { asRule, toneOf } from "./tones.ts";

/** A message, and the draft it is about. */
interface Said {
  /** As it was said, without courtesies. */
  readonly text: string;
  /** Without its quoted values. */
  readonly bare: string;
  readonly values: readonly string[];
  readonly draft: Manifest;
}

type Rule = (said: Said) => Operation | undefined;

const LEAD =
  /^(?:(?:ok(?:ay)?|hey|hi|oops|hmm|well|and|also|now|so|then|please|just|maybe|actually|sorry)\b[\s,!.]*|(?:could|can|would|will) you (?:please )?|i(?:'d| would) (?:rather|like|prefer|love) (?:you to |it to |to |that )?|i (?:want|need) (?:you |it )?(?:to )?|(?:how|what) about |why (?:not|don't you) )/iu;
const TAIL = /[\s,]*\b(?:please|thanks|thank you|instead|if you can|for now)\b[.!]*$/iu;

const DROP =
  "(?:drop|remove|delete|get rid of|take (?:away|out|off)|lose|scrap|cut|erase|ditch|kill|throw (?:out|away)|forget|omit|skip|strike|(?:do not|don't) (?:need|want|like)|no need for|without|clear)";
const STARTER =
  "(?:(?:conversation )?(?:starters?|openers?)|opening (?:lines?|messages?|questions?|prompts?)|first messages?|(?:suggested|sample|example) (?:questions?|messages?|prompts?))";
const TOOL = "(?:tools?|plug-?ins?|extensions?|connectors?|integrations?)";
const PICTURE = "(?:avatar|picture|icon|image|logo|portrait|profile pic(?:ture)?|emoji)";
const ABOUT = "(?:description|summary|tag ?line|blurb|subtitle|about text)";
const BECOME = "(?:with|to|into|by|as|is|be|becomes?|say|says|read|reads|for|:)";

/** The operation that the rules see; undefined where they see none. */
export function readEnglish(message: string, draft: Manifest): Operation | undefined {
  const { bare, values } = maskValues(stripped(message));
  const said = { text: stripped(message), bare, values, draft };
  for (const rule of RULES) {
    const found = rule(said);
    if (found) return found;
  }
  return undefined;
}

const history: Rule = ({ bare }) => {
  if (
    /\b(?:redo|re-do|undo the undo|do it again after all)\b|\b(?:bring|put|get)\b.*\bback\b.*\bund(?:id|one)\b/iu
      .test(bare)
  ) {
    return { kind: "redo" };
  }
  const undo =
    /(?:^|[,.;!] )(?:undo|go back|step back|back|revert|roll ?back|take (?:that|it|this) back|never ?mind|(?:scrap|discard|cancel|drop|remove|reverse|forget) (?:that|this|it|the (?:last|latest|previous)|my last)|put it back|as it was|restore)\b[^.!?]{0,40}[.!]*$/iu;
  const thing = new RegExp(
    `${STARTER}|\\b(?:tags?|rule|line|${TOOL}|instruction|topic|subject|question)\\b`,
    "iu",
  );
  if (/\bw(?:as|ere) better (?:before|earlier)\b/iu.test(bare)) return { kind: "undo" };
  return undo.test(bare) && !thing.test(bare) ? { kind: "undo" } : undefined;
};

const starters: Rule = ({ bare, values, text, draft }) => {
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

const tags: Rule = ({ bare, values, text, draft }) => {
  if (!/\b(?:un)?tag(?:s|ged)?\b|\bkeywords?\b|\blabels?\b/iu.test(bare)) return undefined;
  const named = (values.length > 0 ? values.join(", ") : undefined) ??
    after(text, /\b(?:tag(?:ged)?(?: it)?|keyword|label)\s+(?:with|as|called|named)\s+(.+)$/iu) ??
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

const tools: Rule = ({ bare, values }) => {
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

const description: Rule = ({ bare, values, text }) => {
  if (!has(bare, `\\b${ABOUT}\\b`)) return undefined;
  const value = values.at(-1) ??
    after(
      text,
      new RegExp(
        `\\b${ABOUT}\\b.*?\\b(?:to|should be|should say|should read|is|be|into|with)\\s+(.+)$`,
        "iu",
      ),
    );
  return { kind: "set_description", ...(value ? { text: value } : {}) };
};

const avatar: Rule = ({ bare, text }) => {
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

const name: Rule = ({ bare, values, text }) => {
  const asks = has(bare, `\\b(?:call|name|rename|title|christen)\\s+(?:${IT}|yourself|§)`) ||
    has(bare, `\\brename\\b|\\b${IT} (?:should be |to be )?(?:called|named)\\b|\\bbe called\\b`) ||
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

const visibility: Rule = ({ bare }) => {
  const asks =
    /\b(?:publish|unpublish|make (?:it|this) (?:public|private|visible)|share (?:it|this)\b|list it|put it (?:online|in the store)|visib(?:le|ility))\b/iu;
  return asks.test(bare) ? { kind: "set_visibility" } : undefined;
};

const category: Rule = ({ bare, values, text }) => {
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

const part: Rule = ({ bare, values, text, draft: { instructions } }) => {
  const swap = /\b(?:replace|change|swap|exchange|turn|substitute|instead of)\b/iu;
  if (values.length === 2 && swap.test(bare)) {
    const [old, to] = values as [string, string];
    return instructions.includes(old) ? { kind: "replace_instruction", old, text: to } : undefined;
  }
  const [, from, to] =
    /\b(?:replace|change|swap|exchange|turn)\s+(.+?)\s+(?:with|to|into|by|for)\s+(.+)$/iu.exec(
      text,
    ) ?? [];
  if (from && to && instructions.toLowerCase().includes(from.toLowerCase())) {
    const at = instructions.toLowerCase().indexOf(from.toLowerCase());
    return { kind: "replace_instruction", old: instructions.slice(at, at + from.length), text: to };
  }
  const rule = after(
    bare,
    new RegExp(
      `\\b${DROP}\\b.*?\\b(?:rules?|lines?|instructions?|parts?|bits?|sentences?|bullets?|points?)\\b(.*)$`,
      "iu",
    ),
  );
  if (rule === undefined) {
    const quoted = values.length === 1 && has(bare, `\\b${DROP}\\b`) &&
      instructions.includes(values[0]!);
    return quoted ? { kind: "replace_instruction", old: values[0]!, text: "" } : undefined;
  }
  const about = values[0] ??
    rule.replace(/^\s*(?:about|on|that|which|with|where|says?|saying|to|of)\s+/iu, "");
  const old = findLine(instructions, about);
  return { kind: "replace_instruction", ...(old ? { old, text: "" } : {}) };
};

const language: Rule = ({ bare }) => {
  if (/\b(?:translate|translations?|learn|teach)\b/iu.test(bare)) return undefined;
  if ((bare.match(new RegExp(`\\b${LANGUAGE_EN}\\b`, "giu")) ?? []).length > 1) return undefined;
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

const question: Rule = ({ bare }) =>
  /^(?:what|who|how|why|where|when|which|is|are|do|does|did|have|has|should)\b.*\?$/iu.test(bare)
    ? { kind: "none" }
    : undefined;

const courtesy: Rule = ({ bare }) => {
  const thanks =
    /^(?:thanks?|thank you|great|perfect|nice|cool|good|fine|ok(?:ay)?|hello|hi|hey|yes|lovely|looks? good|that(?:'s| is) (?:good|fine|great|it|perfect|all)|i like it|well done|awesome)\b[^.]{0,60}[.!]*$|^no[.!]*$/iu;
  return thanks.test(bare) ? { kind: "none" } : undefined;
};

/** Words by which people lay down rules. */
const ORDER =
  /\b(?:never|always|must(?:n't)?|should(?:n't)?|do not|don't|avoid|only|no|whenever|when|if|let|before|after|first|ask|explain|use|give|show|tell|make sure|keep|begin|start|end|stop|include|mention|limit|focus|more|less|fewer|instead|every|add|be|remind|offer|check|act|pretend|write|speak|talk|sound|greet|has to|describe|search|translate)\b/iu;

const instruction: Rule = ({ text }) => {
  const tone = toneOf(text);
  if (!tone && !ORDER.test(text)) return undefined;
  return { kind: "add_instruction", text: tone ? asRule(text) : imperative(text) };
};

const RULES: readonly Rule[] = [
  question,
  history,
  starters,
  tags,
  tools,
  description,
  part,
  avatar,
  name,
  visibility,
  category,
  language,
  courtesy,
  instruction,
];

/** "it should always ask" as an order: "Always ask". */
export function imperative(text: string): string {
  return text.trim()
    .replace(/^(?:and|also|but|so|that)\s+/iu, "")
    .replace(
      /^(?:it|he|she|they|the (?:assistant|bot)|you)\s+(?:must not|mustn't|should not|shouldn't|may not|can not|cannot|can't)\s+/iu,
      "do not ",
    )
    .replace(
      /^(?:it|he|she|they|the (?:assistant|bot)|you)\s+(?:must|should|has to|have to|needs? to|ought to|shall|will)\s+/iu,
      "",
    )
    .replace(/^(?:must not|mustn't|should not|shouldn't)\s+/iu, "do not ")
    .replace(/^(?:must|should)\s+/iu, "");
}

function stripped(message: string): string {
  let text = message.trim().replace(/\s+/g, " ");
  for (let before = ""; before !== text;) {
    before = text;
    const shorter = text.replace(LEAD, "").replace(TAIL, "").trim();
    if (shorter !== "") text = shorter;
  }
  return text;
}

/** The first group of a pattern, if it matches something. */
function after(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.trim() || undefined;
}

function has(text: string, source: string): boolean {
  return new RegExp(source, "iu").test(text);
}

/** A name without quotes, full stop or courtesies. */
function clean(value: string): string {
  return value.replace(TAIL, "").replace(/^["“'«]+|["”'».,;!]+$/gu, "").trim();
}
