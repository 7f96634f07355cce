/** Reads an English message about a draft as an operation, by rules alone. Pure. */
import type { Manifest } from "../schema.ts";
import {
  avatar,
  category,
  description,
  DROP,
  language,
  name,
  quotedItem,
  STARTER,
  starters,
  tags,
  TAIL,
  TOOL,
  tools,
  visibility,
} from "./english_rules.ts";
import { findLine } from "./instructions.ts";
import type { Operation } from "./operation.ts";
import { after, firstRead, has, maskValues, type Rule } from "./said.ts";
import { asRule, toneOf } from "./tones.ts";

const LEAD =
  /^(?:(?:ok(?:ay)?|hey|hi|oops|hmm|well|and|also|now|so|then|please|just|maybe|actually|sorry)\b[\s,!.]*|(?:could|can|would|will) you (?:please )?|i(?:'d| would) (?:rather|like|prefer|love) (?:you to |it to |to |that )?|i (?:want|need) (?:you |it )?(?:to )?|(?:how|what) about |why (?:not|don't you) )/iu;

/** The operation that the rules see; undefined where they see none. */
export function readEnglish(message: string, draft: Manifest): Operation | undefined {
  const text = stripped(message);
  return firstRead(RULES, { text, ...maskValues(text), draft });
}

const history: Rule = ({ bare }) => {
  if (
    /\b(?:redo|re-do|undo the undo|do it again after all)\b|\b(?:bring|put|get)\b.*\bback\b.*\bund(?:id|one)\b/iu
      .test(bare)
  ) {
    return { kind: "redo" };
  }
  const undo =
    /(?:^|[,.;!] )(?:undo|go back|step back|back|revert|roll ?back|take (?:that|it|this) back|(?:scrap|discard|cancel|drop|remove|reverse|forget) (?:that|this|it|the (?:last|latest|previous)|my last)|put it back|as it was|restore)\b[^.!?]{0,40}[.!]*$/iu;
  const thing = new RegExp(
    `${STARTER}|\\b(?:tags?|rule|line|${TOOL}|instruction|topic|subject|question)\\b`,
    "iu",
  );
  if (/\bw(?:as|ere) better (?:before|earlier)\b/iu.test(bare)) return { kind: "undo" };
  return undo.test(bare) && !thing.test(bare) ? { kind: "undo" } : undefined;
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
  const named = after(bare, new RegExp(`\\b${DROP}\\b(?: the| that)? (.+?) (?:rule|line)$`, "iu"));
  if (rule === undefined && named) {
    const old = findLine(instructions, named);
    return { kind: "replace_instruction", ...(old ? { old, text: "" } : {}) };
  }
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

const question: Rule = ({ bare }) =>
  /^(?:what|who|how|why|where|when|which|is|are|do|does|did|have|has|should)\b.*\?$/iu.test(bare)
    ? { kind: "none" }
    : undefined;

const courtesy: Rule = ({ bare }) => {
  const thanks =
    /^(?:thanks?|thank you|great|perfect|nice|cool|good|fine|ok(?:ay)?|hello|hi|hey|yes|lovely|looks? good|that(?:'s| is) (?:good|fine|great|it|perfect|all)|i like it|well done|awesome|never ?mind)\b[^.]{0,60}[.!]*$|^no[.!]*$/iu;
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
  quotedItem,
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
