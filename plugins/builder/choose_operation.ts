/** Which operation a message asks for where no rule says it: by likeness to examples, or by the model. */
import type { Engine } from "@flint/core";
import type { Embedder } from "../knowledge/embed.ts";
import type { Manifest } from "../schema.ts";
import { namedAvatar } from "./avatars.ts";
import { namedCategory } from "./categories.ts";
import { bestCategory, scoreByWords } from "./choose_category.ts";
import { findLine } from "./instructions.ts";
import { LANGUAGE_EN, LANGUAGE_ZH, languageTag } from "./languages.ts";
import { Likeness } from "./likeness.ts";
import { maskValues } from "./said.ts";
import { isComplete, type Kind, KINDS, type Operation } from "./operation.ts";
import { ordinalIn } from "./ordinal.ts";
import { imperative } from "./read_english.ts";
import { isChinese } from "./script.ts";
import { asRule } from "./tones.ts";

/** Messages that ask for each operation. */
const EXAMPLES: Readonly<Record<Kind, readonly string[]>> = {
  set_name: [
    "give it a different name",
    "I want another title for the assistant",
    "let us name it Max",
  ],
  set_language: [
    "it should speak another language",
    "use Italian for all answers",
    "switch the language",
  ],
  add_instruction: [
    "be more careful with facts",
    "it must always ask before it answers",
    "never use difficult words",
    "keep the answers shorter",
    "act as if you were in a hurry",
  ],
  replace_instruction: [
    "remove that rule from its instructions",
    "that line of the instructions is wrong, change it",
    "it need not do this any more",
  ],
  set_description: [
    "rewrite the description",
    "the summary on the card should be better",
    "say in the description what it is for",
  ],
  add_starter: [
    "add a conversation starter",
    "suggest one more opening question",
    "another example for the first message",
  ],
  drop_starter: [
    "remove a conversation starter",
    "one of the opening questions is not good, delete it",
  ],
  replace_starter: ["rewrite the second conversation starter", "a better first opening question"],
  set_category: ["move it to another category", "it is listed on the wrong shelf of the store"],
  add_tag: ["add a tag", "people should find it under this keyword"],
  remove_tag: ["remove a tag", "this keyword does not fit"],
  set_avatar: ["a nicer picture", "change the icon", "use another avatar"],
  add_tool: ["let it use a calculator tool", "connect it with a plugin"],
  remove_tool: ["it should not use the tool any more", "disconnect the plugin"],
  set_visibility: ["publish it", "make it visible to other people", "keep it secret"],
  undo: ["undo the last change", "that was better before", "no, take it back"],
  redo: ["redo the change that I took back", "I want the undone change again"],
  none: [
    "what can you do for me?",
    "thank you, that is nice",
    "hello",
    "how does this work?",
    "tell me a joke",
  ],
};

/** Compares messages with the examples. */
export function likenessToOperations(embedder: Embedder): Likeness<Kind> {
  return new Likeness(embedder, EXAMPLES);
}

/** The likest operation, and by how much it leads. */
export function likest(scores: ReadonlyMap<Kind, number>): { kind: Kind; score: number } {
  const [kind, score] = [...scores].reduce((a, b) => b[1] > a[1] ? b : a);
  return { kind, score };
}

const ASK_EN =
  `A person talks about a chat assistant that they are making. Name the change they want:
${KINDS.map((kind) => `${kind}: ${EXAMPLES[kind][0]}`).join("\n")}`;

/** The operation that the model names, under a grammar of the names. */
export async function chosenByModel(
  engine: Engine,
  message: string,
  signal?: AbortSignal,
): Promise<Kind> {
  const prompt = engine.text.chat([
    { role: "system", content: ASK_EN },
    { role: "user", content: `They say: “${message}”` },
  ]);
  const jsonSchema = { enum: KINDS };
  let text = "";
  const request = { prompt, jsonSchema, maxTokens: 16, sampling: { temperature: 0 } };
  for await (const event of engine.generate(request, signal)) {
    if (event.type === "token") text += event.text;
  }
  return JSON.parse(text);
}

/** The operation of this kind that the message asks for, as far as it says its value. */
export function filled(kind: Kind, message: string, draft: Manifest): Operation {
  const operation = { kind, ...VALUES[kind]?.(message, draft) };
  // What else would an order without a value be?
  return isComplete(operation) || kind === "set_name" || kind === "set_description"
    ? operation
    : { kind };
}

type Values = (message: string, draft: Manifest) => Partial<Operation>;

const quoted: Values = (message) => {
  const value = maskValues(message).values.at(-1);
  return value ? { text: value } : {};
};

const VALUES: Partial<Record<Kind, Values>> = {
  set_name: quoted,
  set_description: quoted,
  add_tag: quoted,
  add_starter: quoted,
  remove_tag: (message, { tags }) => {
    const named = tags.find((tag) => message.toLowerCase().includes(tag.toLowerCase()));
    return named ? { text: named } : {};
  },
  add_instruction: (message) => ({
    text: asRule(isChinese(message) ? message : imperative(message)),
  }),
  replace_instruction: (message, { instructions }) => {
    const old = findLine(instructions, message);
    return old ? { old, text: "" } : {};
  },
  set_language: (message) => {
    const name = new RegExp(`(${LANGUAGE_ZH})|\\b(${LANGUAGE_EN})\\b`, "iu").exec(message);
    const tag = languageTag(name?.[1] ?? name?.[2] ?? "");
    return tag ? { text: tag } : {};
  },
  set_category: (message) => {
    const named = namedCategory(message);
    if (named) return { text: named };
    const words = scoreByWords(message);
    return words.size > 0 ? { text: bestCategory(words, new Map()) } : {};
  },
  set_avatar: (message) => {
    const avatar = namedAvatar(message);
    return avatar ? { text: avatar } : {};
  },
  add_tool: (message) => ({ text: message }), // which one is for the builder to find in it
  remove_tool: (message) => ({ text: message }),
  drop_starter: (message, { starters }) => placed(message, starters.length),
  replace_starter: (message, draft) => ({
    ...placed(message, draft.starters.length),
    ...quoted(message, draft),
  }),
};

function placed(message: string, count: number): Partial<Operation> {
  const at = ordinalIn(message, count);
  return at === undefined ? {} : { at };
}
