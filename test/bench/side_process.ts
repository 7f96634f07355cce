/** A side's process as the bench holds it: questions in, answers out, and what became of it. */
import { CappedProcess, type GroupUse } from "./cgroup.ts";
import type { Answer, Question, Refusal } from "./protocol.ts";

/** A side that gives no sign of life for so long has hung. */
const PATIENCE_MS = 240_000;

/** An open side. Whatever ends it is kept as a sentence and thrown at each question. */
export class SideProcess {
  readonly #process: CappedProcess;
  readonly #lines: AsyncGenerator<string, void, void>;
  readonly #questions: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stderr: Promise<string>;
  #use: GroupUse = { peakBytes: 0, cacheBytes: 0, kills: 0 };

  /** Starts the side; `capBytes` undefined = no cap. */
  constructor(command: readonly string[], capBytes: number | undefined) {
    this.#process = new CappedProcess(command, {
      capBytes,
      stdin: "piped",
      env: { NO_COLOR: "1" },
    });
    this.#lines = linesOf(this.#process.child.stdout);
    this.#questions = this.#process.child.stdin.getWriter();
    this.#stderr = new Response(this.#process.child.stderr).text();
  }

  /** Waits until its model is open. @throws Error with what ended it */
  async ready(): Promise<void> {
    await this.#line();
  }

  /** Asks, and waits for the answer. @throws Error with what ended the side */
  async ask(question: Question): Promise<Answer | Refusal> {
    const line = new TextEncoder().encode(JSON.stringify(question) + "\n");
    await this.#questions.write(line).catch(() => {}); // its end is told by the missing answer
    return JSON.parse(await this.#line());
  }

  /** Memory of its group so far. */
  use(): GroupUse {
    return this.#use = this.#process.use();
  }

  /** Lets it end. */
  async close(): Promise<GroupUse> {
    await this.#questions.close().catch(() => {});
    const timer = setTimeout(() => this.#process.child.kill("SIGKILL"), 10_000);
    const [end] = await Promise.all([this.#process.ended(), this.#stderr, this.#drain()]);
    clearTimeout(timer);
    return end;
  }

  async #drain(): Promise<void> {
    for await (const _ of this.#lines); // what it still says is for nobody
  }

  async #line(): Promise<string> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#process.child.kill("SIGKILL");
    }, PATIENCE_MS);
    const { value } = await this.#lines.next();
    clearTimeout(timer);
    if (value !== undefined) return value;
    if (late) throw new Error(`no answer in ${PATIENCE_MS / 1000} s`);
    const { kills } = this.use();
    if (kills > 0) throw new Error("killed at the cap");
    const words = (await this.#stderr).trim().split("\n");
    const uncaught = words.find((line) => line.startsWith("error: "))?.split(/Error: |error: /).at(
      -1,
    );
    throw new Error(uncaught || words.at(-1) || "it ended without a word");
  }
}

/** The lines of a stream that begin an object: libraries print words of their own. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines.filter((line) => line.startsWith("{"));
  }
}
