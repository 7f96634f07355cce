/** The one question that would better a first draft most, and what an answer to it means. Pure. */
import type { Manifest } from "../schema.ts";
import { filled } from "./choose_operation.ts";
import { isComplete, type Operation } from "./operation.ts";
import { ordinalIn } from "./ordinal.ts";
import type { Question } from "./session_schema.ts";
import { asRule, TONES } from "./tones.ts";
import type { Wish } from "./wish.ts";

const AUDIENCE =
  /\b(?:for|beginners?|children|kids?|students?|daughter|son|year[- ]old|customers?|adults?|teens?|team|my \w+'?s?)\b|孩子|学生|小学|中学|初学|客户|顾客|老人|团队|成人/iu;
const LIMITS = /\b(?:never|not|no|don't|avoid|only|without)\b|不|别|只/iu;

/** The question after a first draft; undefined if the wish leaves none worth asking. */
export function questionAbout({ text, chinese }: Wish): Question | undefined {
  if (!AUDIENCE.test(text)) {
    return { about: "audience", text: chinese ? "主要给谁用？" : "Who will use it mostly?" };
  }
  if (!LIMITS.test(text)) {
    return {
      about: "limits",
      text: chinese ? "有什么是它绝对不能做的？" : "Is there anything it must never do?",
    };
  }
  if (!TONES.some(({ words }) => words.test(text))) {
    return {
      about: "manner",
      text: chinese ? "语气要亲切、严厉还是幽默？" : "Shall it be friendly, strict or funny?",
    };
  }
  return undefined;
}

/** What an answer to a question about the first draft means, where it is no order of its own. */
export function answered({ about }: Question, answer: string, chinese: boolean): Operation {
  const text = answer.trim().replace(/[.。!！]+$/u, "");
  if (
    /^(?:no|none|nothing|nobody|skip|不用|没有|没|都可以|随便|any(?:one|body|thing)?|everyone|whatever|i don't (?:know|care)|不知道)$/iu
      .test(text)
  ) {
    return { kind: "none" };
  }
  if (about === "audience") {
    const who = text.replace(/^(?:for|mostly|mainly|主要|给|是)\s*/iu, "").replace(/用的?$/u, "");
    return {
      kind: "add_instruction",
      text: chinese ? `使用者主要是：${who}` : `You mostly talk with: ${who}`,
    };
  }
  if (about === "limits" && !/^(?:never|do not|don't|avoid|no |不|别|绝)/iu.test(text)) {
    return {
      kind: "add_instruction",
      text: chinese ? `绝对不要：${text}` : `Never do this: ${text}`,
    };
  }
  const tone = TONES.find(({ words }) => words.test(text));
  const rule = about === "manner" && tone ? (chinese ? tone.zh : tone.en) : asRule(text);
  return { kind: "add_instruction", text: rule };
}

/** An operation that lacked its value, with the answer as that value. */
export function valued(operation: Operation, answer: string, draft: Manifest): Operation {
  const text = answer.trim();
  if (operation.kind === "drop_starter" || operation.kind === "replace_starter") {
    const at = operation.at ?? ordinalIn(text, draft.starters.length);
    if (operation.kind === "replace_starter" && operation.at !== undefined) {
      return { ...operation, text };
    }
    return at === undefined ? operation : { ...operation, at };
  }
  const found = filled(operation.kind, text, draft);
  if (isComplete(found)) return found;
  return PLAIN.has(operation.kind) ? { ...operation, text: unquoted(text) } : operation;
}

/** Operations whose value is whatever the person says. */
const PLAIN = new Set([
  "set_name",
  "set_description",
  "add_starter",
  "add_tag",
  "remove_tag",
  "add_instruction",
  "add_tool",
  "remove_tool",
]);

function unquoted(text: string): string {
  return text.replace(/^["“「]+|["”」。]+$/gu, "").replace(/(?<=\p{L})\.$/u, "");
}
