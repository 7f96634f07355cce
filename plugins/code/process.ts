/**
 * One process of one plugin, from its start to its end. It runs only what it is called for: whatever
 * breaks a limit, speaks out of turn or does not stop when told ends it, and its calls fail.
 */
import { FlintError } from "@flint/core";
import { fileURLToPath } from "node:url";
import { endChild } from "../child.ts";
import { checkPlain, parse } from "../parse.ts";
import { textResult, type ToolContext, type ToolResult, type ToolValues } from "../tools/tool.ts";
import { frameOf, FrameReader, MARK_BYTES } from "./frames.ts";
import { limit, type Limits } from "./limits.ts";
import { FromPlugin, type Ready, type ToPlugin } from "./messages.ts";

/** What a process may take. */
export interface Bounds {
  /** From the start until the file is loaded, milliseconds. */
  readonly startMs: number;
  /** Processor time after a call's beginning, milliseconds. */
  readonly cpuMs: number;
  /** Time without calls after which the process is ended, milliseconds. */
  readonly idleMs: number;
}

/** The bounds of plugins at work; loading alone takes 0.3 s on an idle machine. */
export const BOUNDS: Bounds = { startMs: 20_000, cpuMs: 10_000, idleMs: 60_000 };

/** A question of the plugin's during a call. */
export type Question = Extract<FromPlugin, { type: "fetch" | "secret" }>;

/** What a process is started with. */
export interface ProcessNeeds {
  readonly id: string;
  readonly source: string;
  readonly bounds: Bounds;
  /** Answers a question, or throws a FlintError that the plugin is told. */
  answer(question: Question, tool: string, context: ToolContext): Promise<ToPlugin>;
  /** Takes what the plugin prints. */
  readonly print?: ((text: string) => void) | undefined;
}

const CALLS_MAX = 16;
const QUESTIONS_MAX = 64;
const PROGRESS_MAX = 100;
/** How long a call may go on after it was told to stop. */
const GRACE_MS = 500;
/** Processor time without calls: what the engine tidies up, and no more. */
const IDLE_CPU_MS = 1000;
const WATCH_MS = 100;
const FRAME_BYTES_MAX = 1 << 20;
/** Bytes that may come from a process for each call, print included; each message counts as 4 KiB more. */
const HEARD_BYTES = 4 << 20, MESSAGE_BYTES = 4096;
const PRINT_KEPT = 2000;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** No permission at all, nothing from elsewhere: neither files nor packages nor a cache on disk. */
const COMMAND: Deno.CommandOptions & { stdin: "piped"; stdout: "piped"; stderr: "piped" } = {
  args: [
    ...["run", "--quiet", "--no-prompt", "--no-remote", "--cached-only", "--no-lock"],
    ...[`--config=${ROOT}deno.json`, "--node-modules-dir=manual"],
    "--v8-flags=--max-old-space-size=192,--max-semi-space-size=4",
    fileURLToPath(new URL("./child.ts", import.meta.url)),
  ],
  clearEnv: true,
  env: { DENO_DIR: "/dev/null/none", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  cwd: "/",
  stdin: "piped",
  stdout: "piped",
  stderr: "piped",
};

interface Call {
  readonly tool: string;
  readonly context: ToolContext;
  readonly done: PromiseWithResolvers<ToolResult>;
  questions: number;
  progress: number;
}

/** A running plugin. */
export class PluginProcess {
  readonly #needs: ProcessNeeds;
  readonly #child = new Deno.Command("deno", COMMAND).spawn();
  readonly #stdin = this.#child.stdin.getWriter();
  #limits: Limits | undefined;
  readonly #mark = crypto.getRandomValues(new Uint8Array(MARK_BYTES));
  readonly #ready = Promise.withResolvers<Ready>();
  readonly #calls = new Map<number, Call>();
  #nextCall = 0;
  #mayHear = HEARD_BYTES;
  #cpuMsMost = Infinity;
  /** Infinity until it is loaded. */
  #idleSince = Infinity;
  #print = "";
  /** Why it was ended, if it was us. */
  #reason: FlintError | undefined;
  readonly #watch: ReturnType<typeof setInterval>;
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>;
  #running = true;

  private constructor(needs: ProcessNeeds) {
    this.#needs = needs;
    this.#ready.promise.catch(() => {}); // whoever starts it is told
    this.#watch = setInterval(() => this.#check(), WATCH_MS);
    this.#watch.unref();
    this.ended = this.#live();
  }

  /**
   * Starts one and loads the file.
   * @throws FlintError bad_input for a file that does not load, unavailable
   */
  static async start(needs: ProcessNeeds): Promise<{ process: PluginProcess; ready: Ready }> {
    const process = new PluginProcess(needs);
    process.#send({ type: "begin", mark: process.#mark.toBase64() });
    const late = setTimeout(
      () => process.kill(`${needs.id} took too long to load`),
      needs.bounds.startMs,
    );
    try {
      const ready = await process.#ready.promise;
      process.#restUntilCalled();
      return { process, ready };
    } catch (error) {
      process.kill("it did not load");
      await process.ended;
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** Whether it can be called. */
  get running(): boolean {
    return this.#running && this.#reason === undefined;
  }

  /** Runs a tool. @throws FlintError when the process ends before it answers */
  async call(tool: string, values: ToolValues, context: ToolContext): Promise<ToolResult> {
    if (this.#calls.size === CALLS_MAX) {
      throw new FlintError("busy", `${this.#needs.id} has ${CALLS_MAX} calls under way`);
    }
    const id = this.#nextCall++;
    const call: Call = {
      ...{ tool, context, done: Promise.withResolvers(), questions: 0, progress: 0 },
    };
    let grace: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      this.#send({ type: "cancel", id });
      grace = setTimeout(() => this.kill(`${tool} did not stop when told to`), GRACE_MS);
    };
    context.signal.addEventListener("abort", stop, { once: true });
    this.#calls.set(id, call);
    this.#mayHear = Math.min(this.#mayHear + HEARD_BYTES, 4 * HEARD_BYTES);
    this.#cpuMsMost = (this.#limits?.cpuMs() ?? 0) + this.#needs.bounds.cpuMs;
    try {
      this.#send({ type: "call", id, tool, values: { ...values } });
      return await call.done.promise;
    } finally {
      clearTimeout(grace);
      context.signal.removeEventListener("abort", stop);
      this.#calls.delete(id);
      this.#restUntilCalled();
    }
  }

  /** Ends it at once; `ended` tells when it is gone. */
  kill(reason: string): void {
    if (!this.running) return;
    this.#reason = new FlintError("unavailable", reason);
    endChild(this.#child);
  }

  /** The engine has what itself needs: from here on it is the plugin's. */
  #load(): void {
    if (this.#limits) throw new FlintError("bad_input", "it began twice");
    this.#limits = limit(this.#child.pid);
    this.#cpuMsMost = (this.#limits.cpuMs() ?? 0) + this.#needs.bounds.cpuMs;
    this.#send({ type: "load", source: this.#needs.source });
  }

  #restUntilCalled(): void {
    if (this.#calls.size > 0) return;
    this.#idleSince = performance.now();
    this.#cpuMsMost = (this.#limits?.cpuMs() ?? 0) + IDLE_CPU_MS;
  }

  #check(): void {
    const { id, bounds: { idleMs } } = this.#needs;
    if ((this.#limits?.cpuMs() ?? 0) > this.#cpuMsMost) {
      this.kill(`${id} computed for longer than it may and was stopped`);
    }
    if (this.#calls.size === 0 && performance.now() - this.#idleSince > idleMs) {
      this.kill(`${id} was not used for a while`);
    }
  }

  async #live(): Promise<void> {
    const [status] = await Promise.all([
      this.#child.status,
      this.#listen(),
      this.#hearPrint(),
    ]);
    this.#running = false;
    clearInterval(this.#watch);
    this.#limits?.close();
    await this.#stdin.close().catch(() => {}); // its other end is gone
    const reason = this.#reason ?? this.#obituary(status);
    this.#ready.reject(reason);
    for (const { done } of this.#calls.values()) done.reject(reason);
  }

  #obituary({ signal, code }: Deno.CommandStatus): FlintError {
    const { id } = this.#needs;
    if (/out of memory|allocation failed/i.test(this.#print)) {
      return new FlintError("unavailable", `${id} took more memory than plugins may have`);
    }
    const said = this.#print.trim().split("\n").find((line) => /error/i.test(line));
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    return new FlintError("unavailable", `${id} ended ${how}${said ? `: ${said}` : ""}`);
  }

  async #listen(): Promise<void> {
    const reader = new FrameReader(FRAME_BYTES_MAX, this.#mark);
    try {
      for await (const bytes of this.#child.stdout) {
        this.#count(bytes.length);
        for (const found of reader.push(bytes)) {
          if ("print" in found) this.#printed(found.print);
          else this.#hear(found.json);
        }
        if (!this.running) break;
      }
    } catch (error) {
      const why = error instanceof FlintError ? error.message : "what it said was no message";
      this.kill(`${this.#needs.id} was stopped: ${why}`);
      this.#ready.reject(new FlintError("bad_input", why));
    }
  }

  async #hearPrint(): Promise<void> {
    for await (const bytes of this.#child.stderr) {
      try {
        this.#count(bytes.length);
      } catch (error) {
        return this.kill((error as FlintError).message);
      }
      this.#printed(bytes);
    }
  }

  #count(bytes: number): void {
    this.#mayHear -= bytes;
    if (this.#mayHear >= 0) return;
    throw new FlintError("over_budget", `${this.#needs.id} says more than plugins may`);
  }

  #printed(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    this.#print = (this.#print + text).slice(-PRINT_KEPT);
    this.#needs.print?.(text);
  }

  /** @throws FlintError, SyntaxError for what is no message */
  #hear(json: string): void {
    this.#count(MESSAGE_BYTES);
    const message = parse(FromPlugin, JSON.parse(json));
    if (message.type === "up") return this.#load();
    if (message.type === "ready") return this.#ready.resolve(message);
    if (message.type === "broken") {
      return this.#ready.reject(
        new FlintError("bad_input", `it does not load: ${message.message}`),
      );
    }
    const call = this.#calls.get(message.call);
    if (!call) {
      if (message.call < this.#nextCall) return; // it came too late
      throw new FlintError("bad_input", "it answered what it was not asked");
    }
    this.#take(message, call);
  }

  #take(message: Exclude<FromPlugin, { type: "up" | "ready" | "broken" }>, call: Call): void {
    switch (message.type) {
      case "text":
        return call.done.resolve(textResult(message.text));
      case "json":
        return call.done.resolve(jsonResult(message.json));
      case "failed":
        return call.done.resolve(textResult(message.message, true));
      case "progress":
        if (call.progress++ < PROGRESS_MAX) call.context.progress?.(message.text);
        return;
      default:
        this.#answer(message, call);
    }
  }

  async #answer(question: Question, call: Call): Promise<void> {
    try {
      if (call.questions++ >= QUESTIONS_MAX) {
        throw new FlintError("over_budget", `a call asks at most ${QUESTIONS_MAX} times`);
      }
      this.#send(await this.#needs.answer(question, call.tool, call.context));
    } catch (error) {
      if (!(error instanceof FlintError)) return call.done.reject(error);
      this.#send({ type: "refused", id: question.id, message: error.message });
    }
  }

  /** What does not arrive is missed by nobody: the process has ended, and its calls with it. */
  #send(message: ToPlugin): void {
    this.#stdin.write(frameOf(message)).catch(() => {});
  }
}

/** @throws SyntaxError for what is no JSON */
function jsonResult(json: string): ToolResult {
  const value = JSON.parse(json);
  try {
    checkPlain(value);
  } catch (error) {
    return textResult(`the result is refused: ${(error as Error).message}`, true);
  }
  return { content: [{ type: "json", value }] };
}
