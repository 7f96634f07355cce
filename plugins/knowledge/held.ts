/** An answer that is held to its sources while it grows: sentence by sentence it is let through, or left unsaid. */
import { type Looked, notInSources } from "./ask.ts";
import type { PassageIndex } from "./passage_index.ts";
import type { Citation } from "./citation.ts";
import { sentencesOf } from "./sentences.ts";
import { type Traced, tracer } from "./trace.ts";

/** What an answer is held to. */
export interface HeldTo {
  readonly index: PassageIndex;
  /** The question as it was asked. */
  readonly question: string;
  readonly looked: Pick<Looked, "question" | "sources">;
  /** Whether what no source supports is left unsaid; else it is only marked. */
  readonly withholds: boolean;
}

/** One answer. Text goes in as it comes, and comes out as it may be shown. */
export class HeldAnswer {
  readonly #to: HeldTo;
  #tracer: ((answer: string) => Traced) | undefined; // sources are taken apart once, and only if need be
  #waiting = "";
  #shown = "";

  constructor(to: HeldTo) {
    this.#to = to;
  }

  /** Takes more of the answer; returns what may be shown now: whole sentences, where some are withheld. */
  say(text: string): string {
    if (!this.#to.withholds) {
      this.#shown += text;
      return text;
    }
    this.#waiting += text;
    const last = sentencesOf(this.#waiting).at(-1);
    return last && last.start > 0 ? this.#let(last.start) : "";
  }

  /** What may still be shown once the answer has ended. */
  end(): string {
    if (!this.#to.withholds) return "";
    const rest = this.#let(this.#waiting.length);
    if (this.#shown !== "") return rest;
    return this.#shown = notInSources(this.#to.question);
  }

  /** Each sentence shown so far, with what supports it. */
  citations(): Citation[] {
    return [...this.#trace(this.#shown).sentences];
  }

  #trace(text: string): Traced {
    const { index, question, looked } = this.#to;
    return (this.#tracer ??= tracer(index, question, looked))(text);
  }

  /** Lets through what is supported of the first `end` characters that wait. */
  #let(end: number): string {
    const text = this.#waiting.slice(0, end);
    this.#waiting = this.#waiting.slice(end);
    let passed = "";
    let from = 0; // the space before a sentence goes or stays with it
    for (const sentence of this.#trace(text).sentences) {
      const words = text.slice(from, sentence.end);
      from = sentence.end;
      if (sentence.verdict === "verbatim" || sentence.verdict === "supported") passed += words;
    }
    if (this.#shown === "") passed = passed.trimStart();
    this.#shown += passed;
    return passed;
  }
}

/** The whole of an answer as it may be shown, where what nothing supports is withheld. */
export function withheld(to: Omit<HeldTo, "withholds">, answer: string): string {
  const held = new HeldAnswer({ ...to, withholds: true });
  return `${held.say(answer)}${held.end()}`.trim();
}
