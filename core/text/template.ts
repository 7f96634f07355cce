/**
 * Messages to the prompt's tokens by the model's own chat template. Control tokens come from the
 * template only: a control token's name inside a message stays text, because a private-use mark is
 * put into it before rendering and taken out again after the control tokens were found.
 */
import { FlintError } from "../errors.ts";
import type { ChatMessage } from "../run/api.ts";
import { type JinjaTemplate, parseTemplate } from "./jinja.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** For models that bring no template, as llama.cpp does it. */
const CHATML = `{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

/** What goes into a prompt beside the messages. */
export interface ChatOptions {
  /** OpenAI's `tools` array, for templates that have a place for it. */
  readonly tools?: readonly unknown[];
  /** End where the assistant is to speak; default true. */
  readonly open?: boolean;
}

/** A model's chat template and tokenizer together. */
export interface ChatTemplate {
  /** Throws FlintError "bad_input" when the template refuses the messages. */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): number[];
  /**
   * How many leading tokens of `chat(messages, options)` every chat shares that begins with the
   * same system message and tools: what a prefix snapshot may hold.
   */
  prefix(messages: readonly ChatMessage[], options?: ChatOptions): number;
}

/** `source` null: the ChatML default. `now` dates the prompts of templates that ask for it. */
export function createTemplate(
  source: string | null,
  tokenizer: Tokenizer,
  now: () => Date = () => new Date(),
): ChatTemplate {
  const template = parseTemplate(source ?? CHATML);
  const chat = (messages: readonly ChatMessage[], options: ChatOptions = {}) =>
    renderTokens(template, tokenizer, now, messages, options);
  return {
    chat,
    prefix(messages, options = {}) {
      const system = messages[0]?.role === "system" ? [messages[0]] : [];
      const probes = ["a", "\n"].map((content) => [...system, { role: "user" as const, content }]);
      const [tokens, ...others] = [messages, ...probes].map((each) => chat(each, options));
      return Math.min(...others.map((other) => sharedLength(tokens!, other)));
    },
  };
}

function sharedLength(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((id, i) => id !== b[i]);
  return differs < 0 ? a.length : differs;
}

function renderTokens(
  template: JinjaTemplate,
  tokenizer: Tokenizer,
  now: () => Date,
  messages: readonly ChatMessage[],
  { tools, open = true }: ChatOptions,
): number[] {
  if (messages.length === 0) throw new FlintError("bad_input", "messages must not be empty");
  const { vocabulary, vocabulary: { rules } } = tokenizer;
  const asked = { messages: messages.map(templateMessage), ...(tools?.length ? { tools } : {}) };
  const mark = unusedCharacter(JSON.stringify(asked));
  const text = template.render({
    ...protect(asked, (text) => breakNames(text, tokenizer.controlTexts, mark)),
    add_generation_prompt: open,
    bos_token: rules.bos === null ? "" : vocabulary.nameOf(rules.bos),
    eos_token: rules.eos === null ? "" : vocabulary.nameOf(rules.eos),
    strftime_now: (format: string) => formatDate(now(), format),
  });
  const ids = tokenizer.encode(text, { special: true, mark });
  const { bos, addBos } = rules;
  return addBos && bos !== null && ids[0] !== bos ? [bos, ...ids] : ids;
}

/** A message in the form that templates are written for: OpenAI's. */
function templateMessage(message: ChatMessage): Record<string, unknown> {
  const { role, content, name, toolCalls, toolCallId } = message;
  return {
    role,
    content,
    ...(name === undefined ? {} : { name }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
    ...(toolCalls === undefined || toolCalls.length === 0 ? {} : {
      tool_calls: toolCalls.map(({ id, ...call }) => ({ id, type: "function", function: call })),
    }),
  };
}

/** A private-use character that the text does not have; there are 137,468 of them. */
function unusedCharacter(text: string): string {
  const used = new Set(text.match(/\p{Co}/gu));
  for (let code = 0xe000;; code = code === 0xf8ff ? 0xf0000 : code + 1) {
    const character = String.fromCodePoint(code);
    if (!used.has(character)) return character;
  }
}

/** Applies `change` to every string in a JSON value, keys included. */
function protect<T>(value: T, change: (text: string) => string): T {
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return change(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [change(key), walk(v)]));
  };
  return walk(value) as T;
}

/**
 * Puts the mark behind the first character of every control token's name, and of the beginning of
 * one at the text's end, which what follows it in the template could complete.
 */
function breakNames(text: string, names: readonly string[], mark: string): string {
  let broken = text;
  for (const name of names) {
    if (broken.includes(name)) broken = broken.replaceAll(name, name[0] + mark + name.slice(1));
    for (let length = Math.min(name.length - 1, broken.length); length > 0; length--) {
      if (!broken.endsWith(name.slice(0, length))) continue;
      const start = broken.length - length + 1;
      broken = broken.slice(0, start) + mark + broken.slice(start);
      break;
    }
  }
  return broken;
}

/** The parts of Python's strftime that chat templates use, in English. */
function formatDate(date: Date, format: string): string {
  const english = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en", options).format(date);
  const two = (n: number) => String(n).padStart(2, "0");
  const parts: Record<string, () => string> = {
    "%": () => "%",
    Y: () => String(date.getFullYear()),
    m: () => two(date.getMonth() + 1),
    d: () => two(date.getDate()),
    H: () => two(date.getHours()),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    b: () => english({ month: "short" }),
    B: () => english({ month: "long" }),
    A: () => english({ weekday: "long" }),
    a: () => english({ weekday: "short" }),
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, part: string) => parts[part]?.() ?? whole);
}
