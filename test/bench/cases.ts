/** The work every side of the bench does: the same token ids, greedy. */
import type { ChatMessage, TextFace } from "../../core/run/api.ts";
import { HANDBOOK } from "./handbook.ts";

/** One conversation to answer. */
export interface BenchCase {
  readonly name: string;
  readonly messages: readonly ChatMessage[];
  /**
   * What is asked in later rounds in place of the last message: asked the same again, a side that
   * remembers earlier answers would guess its own.
   */
  readonly later?: readonly string[];
}

/** The case as it is asked in a round, 0 and on. */
export function inRound(one: BenchCase, round: number): BenchCase {
  const asked = round === 0 ? undefined : one.later?.[(round - 1) % one.later.length];
  if (asked === undefined) return one;
  return { ...one, messages: [...one.messages.slice(0, -1), user(asked)] };
}

const system = (content: string): ChatMessage => ({ role: "system", content });
const user = (content: string): ChatMessage => ({ role: "user", content });

/** Chat, retrieval from some 1,000 tokens, code edit and Chinese. */
export const BENCH_CASES: readonly BenchCase[] = [
  {
    name: "chat",
    messages: [
      system("You are a helpful assistant."),
      user("Why do we see the same side of the moon all the time? Explain it to a child."),
    ],
    later: [
      "How does a refrigerator keep food cold? Explain it to a curious ten-year-old.",
      "What should I think about before I adopt a dog from a shelter?",
    ],
  },
  {
    name: "retrieval",
    messages: [
      system("Answer from the text only and quote the sentences that you rely on.\n\n" + HANDBOOK),
      user("When is the safety course, what does it cost, and what may I use after it?"),
    ],
    later: [
      "What do members and students pay each month, and what does a locker cost?",
      "Which kinds of wood are sold by weight, and at what price each?",
    ],
  },
  {
    name: "code edit",
    messages: [
      system("You edit code. Answer with the whole changed function and nothing else."),
      user(
        "Make this return the index of the largest number, and -1 for an empty list:\n" +
          "function largest(numbers: number[]): number {\n  let best = numbers[0];\n" +
          "  for (const n of numbers) {\n    if (n > best) best = n;\n  }\n  return best;\n}",
      ),
    ],
    later: [
      "Make this ignore case and surrounding spaces:\nfunction same(a: string, b: string): boolean " +
      "{\n  return a === b;\n}\nfunction contains(all: string[], one: string): boolean {\n  for " +
      "(const each of all) {\n    if (same(each, one)) return true;\n  }\n  return false;\n}",
      "Make this stop at the first negative number and return how many it summed:\n" +
      "function total(numbers: number[]): number {\n  let sum = 0;\n  for (const n of numbers) {\n" +
      "    sum += n;\n  }\n  return sum;\n}",
    ],
  },
  {
    name: "chinese",
    messages: [system("你是一个乐于助人的助手。"), user("请用三句话解释为什么天空是蓝色的。")],
    later: ["请用三句话说明茶叶应该怎样保存。", "请简单介绍一下长江，并说明它为什么重要。"],
  },
];

const TRADES = [
  ...["baker", "gardener", "pilot", "plumber", "librarian", "beekeeper", "tailor", "midwife"],
  ...["astronomer", "bricklayer", "cook", "diver", "electrician", "florist", "glazier", "hatter"],
  ...["innkeeper", "joiner", "lighthouse keeper", "musician"],
];

/** One chat each of `count` different assistants, 20 at most. */
export function assistantCases(count: number): BenchCase[] {
  return TRADES.slice(0, count).map((trade) => ({
    name: trade,
    messages: [
      system(
        `You are a ${trade} with thirty years of experience. Speak plainly and from your work.`,
      ),
      user("Tell me in a few sentences what the hardest part of your day is, and why."),
    ],
  }));
}

/** A prompt as token ids, and how many of them all chats of the assistant share. */
export interface Prompt {
  readonly assistant: string;
  readonly ids: readonly number[];
  readonly prefixTokens: number;
}

/** Renders a case with the model's own template: every side is given these very ids. */
export function promptOf(text: TextFace, { name, messages }: BenchCase): Prompt {
  const ids = text.chat(messages);
  const prefix = text.chat(messages.slice(0, 1), { open: false });
  const shared = prefix.findIndex((id, i) => ids[i] !== id);
  return { assistant: name, ids, prefixTokens: shared < 0 ? prefix.length : shared };
}
