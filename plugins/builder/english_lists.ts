/** English messages about lists: starters, tags, tools. Pure. */
import { mostAlike } from "./instructions.ts";
import { BECOME, clean, DROP, STARTER, TOOL } from "./english_words.ts";
import { ordinalIn } from "./ordinal.ts";
import { after, has, type Rule } from "./said.ts";

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
