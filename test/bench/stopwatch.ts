/** Times answers of several chats at once: the rate is that of the time in which all of them talk. */
import process from "node:process";
import type { Answer, Question } from "./protocol.ts";

/**
 * The window opens with the last chat's first token and closes with the first end of a chat, or
 * after the question's seconds. What is said before or after it counts for nothing but the text.
 * @typeParam Mark what is noted when the window opens and closes, such as the engine's counters
 */
export class Stopwatch<Mark = undefined> {
  readonly #question: Question;
  readonly #said: number[][];
  readonly #mark: () => Mark;
  readonly #start = performance.now();
  #opened: Moment<Mark> | undefined;
  #closed: Moment<Mark> | undefined;
  #windowTokens = 0;

  /** Starts. */
  constructor(question: Question, mark: () => Mark) {
    this.#question = question;
    this.#said = question.prompts.map(() => []);
    this.#mark = mark;
  }

  /** Whether nobody needs to go on. */
  get over(): boolean {
    return this.#closed !== undefined;
  }

  /** A chat said a token. */
  token(chat: number, id: number): void {
    this.#said[chat]!.push(id);
    if (this.#closed) return;
    if (this.#opened) this.#windowTokens++;
    else if (this.#said.every((ids) => ids.length > 0)) this.#opened = this.#now();
    else return;
    const { seconds, maxTokens } = this.#question;
    const late = performance.now() - this.#opened.at > seconds * 1000;
    if (late || this.#said[chat]!.length >= maxTokens) this.end();
  }

  /** A chat came to its end. */
  end(): void {
    if (this.#opened) this.#closed ??= this.#now();
  }

  /** What was noted when the window opened and closed. */
  marks(): readonly [Mark, Mark] {
    const opened = this.#opened ?? this.#now();
    return [opened.mark, (this.#closed ?? opened).mark];
  }

  /** What it came to. */
  answer(): Answer {
    const opened = this.#opened ?? this.#now(), closed = this.#closed ?? opened;
    return {
      said: this.#said,
      firstTokenMs: opened.at - this.#start,
      windowTokens: this.#windowTokens,
      windowSeconds: (closed.at - opened.at) / 1000,
      cpuSeconds: closed.cpuSeconds - opened.cpuSeconds,
    };
  }

  #now(): Moment<Mark> {
    const { user, system } = process.cpuUsage();
    return { at: performance.now(), cpuSeconds: (user + system) / 1e6, mark: this.#mark() };
  }
}

/** When the window opened or closed: ms, CPU seconds of the process so far, what was noted. */
interface Moment<Mark> {
  readonly at: number;
  readonly cpuSeconds: number;
  readonly mark: Mark;
}
