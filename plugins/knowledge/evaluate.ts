/** Runs a question set over the switches, and says for each how often the answers were right or made up. */
import type { ChatMessage } from "@flint/core";
import {
  ALL_OFF,
  ALL_ON,
  groundedInstructions,
  groundedMessage,
  lookUp,
  type Switches,
} from "./ask.ts";
import { withheld } from "./held.ts";
import type { Library } from "./library.ts";
import { numbersOf } from "./quantities.ts";
import { historyOf, type Question } from "./questions.ts";
import { isRefusal, type Traced, tracer } from "./trace.ts";

/** One way of answering. */
export interface Way {
  readonly name: string;
  readonly switches: Switches;
}

/** Plain top-3 retrieval, each switch alone, all but each, all. Answers that ask the same are asked once. */
export const WAYS: readonly Way[] = [
  { name: "plain", switches: ALL_OFF },
  ...names().map((name) => ({ name: `only ${name}`, switches: { ...ALL_OFF, [name]: true } })),
  ...names().map((name) => ({ name: `all but ${name}`, switches: { ...ALL_ON, [name]: false } })),
  { name: "all", switches: ALL_ON },
];

function names(): (keyof Switches)[] {
  return Object.keys(ALL_ON) as (keyof Switches)[];
}

/** How an answer did. */
export type Verdict = "right" | "wrong" | "refused rightly" | "refused wrongly";

/** One answered question. */
export interface Answered {
  readonly question: Question;
  readonly way: string;
  /** As the model gave it, and as a reader sees it. */
  readonly answer: string;
  readonly shown: string;
  readonly traced: Traced;
  readonly verdict: Verdict;
}

/** What an evaluation needs. */
export interface EvaluationNeeds {
  readonly library: Library;
  readonly bases: readonly string[];
  /** Asks the model; greedy, so that it may be remembered. */
  readonly ask: (messages: readonly ChatMessage[]) => Promise<string>;
}

/** Answers one question one way. */
export async function answerOne(
  { library, bases, ask }: EvaluationNeeds,
  question: Question,
  { name, switches }: Way,
): Promise<Answered> {
  const history = historyOf(question);
  const looked = await lookUp(library, { bases, history, question: question.question, switches });
  const system: ChatMessage = { role: "system", content: groundedInstructions(question.question) };
  const content = groundedMessage(looked, question.question);
  const answer = (await ask([system, ...history, { role: "user", content }])).trim();
  const index = library.index(bases);
  const traced = tracer(index, question.question, looked)(answer);
  const to = { index, question: question.question, looked };
  const shown = switches.tracing ? withheld(to, answer) : answer;
  return { question, way: name, answer, shown, traced, verdict: judge(question, shown) };
}

/** What an answer is worth. Whatever is neither right nor a refusal is made up. */
export function judge({ answer }: Question, shown: string): Verdict {
  const refused = shown === "" || isRefusal(shown); // who says nothing claims nothing
  if (answer === null) return refused ? "refused rightly" : "wrong";
  const holds = answer.every((ways) => ways.some((way) => holdsText(shown, way)));
  return holds ? "right" : refused ? "refused wrongly" : "wrong";
}

function holdsText(text: string, wanted: string): boolean {
  if (/^\d+(\.\d+)?$/.test(wanted)) return numbersOf(text).has(String(Number(wanted)));
  const plain = (words: string) => words.normalize("NFKC").toLowerCase();
  const at = plain(text).indexOf(plain(wanted));
  if (at < 0) return false;
  const [before, after] = [plain(text)[at - 1] ?? " ", plain(text)[at + wanted.length] ?? " "];
  return !(/[a-z0-9]/.test(before) && /^[a-z0-9]/i.test(wanted)) &&
    !(/\d/.test(after) && /\d$/.test(wanted));
}

/** A share with its 95 % interval (Wilson 1927). */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** How one way did over some questions. */
export interface Score {
  readonly way: string;
  /** Of the questions that can be answered. */
  readonly right: Share;
  readonly refusedWrongly: Share;
  /** Of all. */
  readonly wrong: Share;
  /** Of those that can't. */
  readonly refusedRightly: Share;
}

/** One row for each way, in the order they first came. */
export function scoresOf(answered: readonly Answered[]): Score[] {
  return [...Map.groupBy(answered, ({ way }) => way)].map(([way, all]) => {
    const count = (verdict: Verdict) => all.filter((one) => one.verdict === verdict).length;
    const unanswerable = all.filter(({ question }) => question.answer === null).length;
    const answerable = all.length - unanswerable;
    return {
      way,
      right: share(count("right"), answerable),
      refusedWrongly: share(count("refused wrongly"), answerable),
      wrong: share(count("wrong"), all.length),
      refusedRightly: share(count("refused rightly"), unanswerable),
    };
  });
}

function share(count: number, of: number): Share {
  if (of === 0) return { count, of, low: 0, high: 1 };
  const z = 1.96, p = count / of;
  const middle = (p + z * z / (2 * of)) / (1 + z * z / of);
  const half = z * Math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of);
  return { count, of, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** The scores as a Markdown table. */
export function scoreTable(scores: readonly Score[]): string {
  const cell = ({ count, of, low, high }: Share) =>
    `${count} of ${of} (${Math.round(low * 100)}-${Math.round(high * 100)} %)`;
  return [
    "| answered by | right | made up | refused rightly | refused wrongly |",
    "| --- | --- | --- | --- | --- |",
    ...scores.map((row) =>
      `| ${row.way} | ${cell(row.right)} | ${cell(row.wrong)} | ${cell(row.refusedRightly)} | ${
        cell(row.refusedWrongly)
      } |`
    ),
  ].join("\n");
}
