/** What the builder says: replies and questions, in English and Chinese. Pure. */
import type { FieldChange } from "../manifest_diff.ts";
import type { Manifest } from "../schema.ts";
import { type Category, categoryName } from "./categories.ts";
import { languageName } from "./languages.ts";
import type { Kind, Operation } from "./operation.ts";
import type { Question } from "./session_schema.ts";

/** What was done, told to the person. */
export function replyTo(
  { kind, text = "", at = 0 }: Operation,
  changes: readonly FieldChange[],
  chinese: boolean,
): string {
  const changed = changes.length > 0;
  const word = (CHANGED[kind] && !changed ? UNCHANGED : WORDS[kind])[chinese ? 1 : 0];
  const shown = kind === "set_language"
    ? languageName(text, chinese ? "zh" : "en")
    : kind === "set_category"
    ? categoryName(text as Category, chinese)
    : text;
  return word.replace("{}", shown).replace("{n}", String(at + 1));
}

/** Operations that should have changed something. */
const CHANGED: Partial<Record<Kind, true>> = {
  set_name: true,
  set_language: true,
  add_instruction: true,
  replace_instruction: true,
  set_description: true,
  add_starter: true,
  drop_starter: true,
  replace_starter: true,
  set_category: true,
  add_tag: true,
  remove_tag: true,
  set_avatar: true,
  add_tool: true,
  remove_tool: true,
};

type Both = readonly [en: string, zh: string];

const UNCHANGED: Both = ["It is so already; nothing changed.", "已经是这样了，没有改动。"];

const WORDS: Readonly<Record<Kind, Both>> = {
  set_name: ["It is called {} now.", "现在叫“{}”了。"],
  set_language: ["It answers in {} now.", "现在用{}回答。"],
  add_instruction: ["I added the rule: {}", "加了一条要求：{}"],
  replace_instruction: ["I changed that part of the instructions.", "改好了这一部分要求。"],
  set_description: ["The description is new.", "描述改好了。"],
  add_starter: ["I added the starter “{}”.", "加了开场白“{}”。"],
  drop_starter: ["Starter {n} is gone.", "删掉了第{n}个开场白。"],
  replace_starter: ["Starter {n} is now “{}”.", "第{n}个开场白换成了“{}”。"],
  set_category: ["It stands under {} now.", "现在归在“{}”类。"],
  add_tag: ["I added the tag {}.", "加了标签“{}”。"],
  remove_tag: ["The tag {} is gone.", "去掉了标签“{}”。"],
  set_avatar: ["It has a new picture: {}", "换了头像：{}"],
  add_tool: ["It may use {} now.", "现在可以使用“{}”了。"],
  remove_tool: ["It no longer uses {}.", "不再使用“{}”了。"],
  set_visibility: [
    "Who may find it is set when you save and share it, not here. Nothing changed.",
    "谁能看到它，要在保存和分享时设置，不在这里。没有改动。",
  ],
  undo: ["I took the last change back.", "撤销了上一步。"],
  redo: ["I made the change again.", "恢复了刚才的改动。"],
  none: [
    "Tell me what to change: its name, its rules, how it answers, its starters, its picture. “Undo” takes a change back.",
    "告诉我要改什么：名字、要求、回答的方式、开场白、头像都可以。说“撤销”就能退回一步。",
  ],
};

/** Where a message names no tool there is; `tools` are the names of those there are. */
export function noTool(kind: Kind, tools: readonly string[], chinese: boolean): string {
  if (kind === "remove_tool") {
    return chinese
      ? "它没有这样的工具，所以没有改动。"
      : "It has no such tool, so nothing changed.";
  }
  if (tools.length === 0) {
    return chinese
      ? "这里还没有工具，所以没有改动。"
      : "There are no tools here yet, so nothing changed.";
  }
  const names = tools.slice(0, TOOLS_NAMED_MAX).join(chinese ? "、" : ", ");
  return chinese
    ? `这里没有这样的工具，所以没有改动。现有：${names}。`
    : `There is no such tool here, so nothing changed. There are: ${names}.`;
}

const TOOLS_NAMED_MAX = 8;

/** What is told of a change made by hand, in the form. */
export function replyToEdit(changes: readonly FieldChange[], chinese: boolean): string {
  if (changes.length === 0) return UNCHANGED[chinese ? 1 : 0];
  const fields = [...new Set(changes.map(({ field }) => field.split(".")[0]))].join(", ");
  return chinese ? `你改了：${fields}。` : `You changed ${fields}.`;
}

/** Where there is nothing to undo or redo. */
export function noStep(kind: "undo" | "redo", chinese: boolean): string {
  if (kind === "undo") return chinese ? "没有可以撤销的。" : "There is nothing to undo.";
  return chinese ? "没有可以恢复的。" : "There is nothing to redo.";
}

/** How a first draft is handed over. */
export function replyToWish({ name }: Manifest, chinese: boolean): string {
  return chinese
    ? `“${name}”的草稿好了，可以马上试用。想改什么，直接说。`
    : `Here is a draft of ${name}. Try it, and say what to change.`;
}

/** What is asked where an operation lacks its value. */
export function askForValue(operation: Operation, chinese: boolean): Question {
  const [en, zh] = MISSING[operation.kind] ?? MISSING.add_instruction!;
  return { about: "value", text: chinese ? zh : en, operation };
}

const MISSING: Partial<Record<Kind, Both>> = {
  set_name: ["What shall it be called?", "叫什么名字好？"],
  set_language: ["Which language shall it answer in?", "用哪种语言回答？"],
  add_instruction: ["What exactly shall it do?", "具体要它怎么做？"],
  replace_instruction: ["Which words of the instructions do you mean?", "你指的是要求里的哪一句？"],
  set_description: ["What shall the description say?", "描述写什么？"],
  add_starter: ["What shall the new starter say?", "新的开场白写什么？"],
  drop_starter: ["Which starter shall go: the first, the second, ...?", "删掉第几个开场白？"],
  replace_starter: ["What shall it say instead?", "换成什么？"],
  set_category: [
    "Which category: writing, education, games, ...?",
    "归到哪一类：写作、教育、游戏……？",
  ],
  add_tag: ["Which tag?", "加什么标签？"],
  remove_tag: ["Which tag shall go?", "去掉哪个标签？"],
  add_tool: ["Which tool shall it use?", "用哪个工具？"],
  remove_tool: ["Which tool shall go?", "去掉哪个工具？"],
  set_avatar: [
    "What shall the picture show? Send an emoji if you like.",
    "头像用什么？可以发一个表情。",
  ],
};
