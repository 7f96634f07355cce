/** The work every side of the bench does: the same token ids, greedy. */
import type { ChatMessage, TextFace } from "../../core/run/api.ts";
import { HANDBOOK } from "./handbook.ts";

/** One conversation to answer. */
export interface BenchCase {
  readonly name: string;
  readonly messages: readonly ChatMessage[];
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
  },
  {
    name: "retrieval",
    messages: [
      system("Answer from the text only and quote the sentences that you rely on.\n\n" + HANDBOOK),
      user("When is the safety course, what does it cost, and what may I use after it?"),
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
  },
  {
    name: "chinese",
    messages: [system("你是一个乐于助人的助手。"), user("请用三句话解释为什么天空是蓝色的。")],
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
