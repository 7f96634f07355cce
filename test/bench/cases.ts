/** The work every side of the bench does: the same prompts, the same number of tokens, greedy. */
import type { ChatMessage } from "../../core/run/api.ts";

/** One conversation to answer. */
export interface BenchCase {
  readonly name: string;
  readonly messages: readonly ChatMessage[];
  readonly maxTokens: number;
}

/** What one side measured on one case. */
export interface BenchResult {
  readonly case: string;
  readonly tokens: number;
  readonly firstTokenMs: number;
  /** Tokens a second after the first. */
  readonly tokensPerSecond: number;
  readonly text: string;
  /** Weight bytes read from flash for each generated token; only sides that count them. */
  readonly bytesReadPerToken?: number;
  readonly hitRate?: number;
}

/** What a side's process is told. */
export interface SideTask {
  /** A flash store's folder for Flint, a GGUF file for llama.cpp. */
  readonly model: string;
  readonly memoryBytes: number;
  readonly cases: readonly BenchCase[];
}

/**
 * What a Flint process holds beside the core's budget: V8, the code, the vocabulary, LMDB's index.
 * Measured as peak minus budget: 45 to 109 MB. llama.cpp is given as much beside the same budget.
 */
export const OVERHEAD_BYTES = 128e6;

const MANUAL = `Opening hours of the Rivermouth workshop: Tuesday to Friday from 9:30 to 18:00,
Saturday from 10:00 to 14:00, closed on Sunday, Monday and public holidays. The bandsaw may be used
only after the safety course, which takes place on the first Saturday of each month at 10:00 and
costs 25 francs. Members pay 40 francs a month; students pay 22. A locker costs 6 francs a month and
can be had only by members. Wood is sold by weight: ash and beech at 4.20 a kilogram, oak at 6.80,
walnut at 11.50. Offcuts lie in the blue crate by the door and are free. Whoever breaks a blade
pays for it: 18 francs for the bandsaw, 9 for the jigsaw. Children under twelve come with an adult;
from twelve on they may use hand tools alone and power tools under supervision. Lost property is
kept for three months at the desk, after which it goes to the charity shop in Mill Street.`;

const system = (content: string): ChatMessage => ({ role: "system", content });
const user = (content: string): ChatMessage => ({ role: "user", content });

/** Chat, retrieval, code edit and Chinese, `maxTokens` each. */
export function benchCases(maxTokens: number): BenchCase[] {
  return [
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
        system("Answer from the text only and quote the sentence that you rely on.\n\n" + MANUAL),
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
  ].map((one) => ({ ...one, maxTokens }));
}
