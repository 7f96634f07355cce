/**
 * The way to an MCP server that is a program: one JSON message a line, in and out. The SDK's own
 * transport reads all of the environment; this one hands on two names of it and what is configured.
 */
import { FlintError } from "@flint/core";
import { endChild } from "../../child.ts";
import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/client";

/** A program to start. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the names of INHERITED. */
  readonly env: Readonly<Record<string, string>>;
}

/** All that a program learns of Flint's environment: where programs are, and where it keeps its own files. */
const INHERITED = ["PATH", "HOME"];
/** Longest message; an image of 8 MB in base64 fits. */
const LINE_CHARS_MAX = 16 << 20;
/** Of what the program last said on standard error, for people. */
const STDERR_CHARS_MAX = 500;
/** How long a program may take to end once its input does, and then once it is told to. */
const END_MS = 1500;

/** A transport over a process of its own. */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #command: ServerCommand;
  #child: Deno.ChildProcess | undefined;
  #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  #said = "";
  #ended: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  /** The last words of the program on standard error, on one line; may be empty. */
  get said(): string {
    return this.#said.replace(/\s+/g, " ").trim();
  }

  /** @throws FlintError denied where Deno may not start it, unavailable where there is no such program */
  async start(): Promise<void> {
    const { command, args, env } = this.#command;
    await needRun(command);
    try {
      this.#child = new Deno.Command(command, {
        args: [...args],
        env: { ...await inherited(), ...env },
        clearEnv: true,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw noLeave(command);
      throw new FlintError("unavailable", `${command} cannot be started: ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#input = this.#child.stdin.getWriter();
    this.#input.closed.catch(() => {}); // told by the write that fails
    this.#ended = this.#follow(this.#child);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!this.#input) throw new Error("the program has ended");
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** Ends the program: its input first, then by signals; resolves when it is gone. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!child) return await this.#ended;
    await this.#input?.close().catch(() => {}); // it may have gone before us
    this.#input = undefined;
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (await within(END_MS, this.#ended)) break;
      endChild(child, signal);
    }
    await this.#ended;
  }

  /** Reads both outputs to their ends; then the connection is closed. */
  async #follow(child: Deno.ChildProcess): Promise<void> {
    const read = this.#readLines(child.stdout).catch((error) => {
      this.onerror?.(error);
      endChild(child, "SIGKILL"); // what it says can no longer be followed
    });
    await Promise.all([read, this.#readErrors(child.stderr), child.status]);
    await this.#input?.close().catch(() => {}); // nobody reads it any more
    this.#child = this.#input = undefined;
    this.onclose?.();
  }

  async #readLines(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let pieces: string[] = [], chars = 0; // of the line that has not ended
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
      const [end, ...lines] = text.split("\n");
      pieces.push(end!);
      chars += end!.length;
      for (const line of lines) {
        this.#take(pieces.join(""));
        pieces = [line];
        chars = line.length;
      }
      if (chars > LINE_CHARS_MAX) {
        throw new FlintError("over_budget", `a message has more than ${LINE_CHARS_MAX} characters`);
      }
    }
  }

  /** Lines that are no message are the program's small talk. */
  #take(line: string): void {
    if (!line.trimStart().startsWith("{")) return;
    try {
      this.onmessage?.(parseJSONRPCMessage(JSON.parse(line)));
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }

  async #readErrors(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stderr.pipeThrough(new TextDecoderStream())) {
      this.#said = (this.#said + text).slice(-STDERR_CHARS_MAX);
    }
  }
}

async function needRun(command: string): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "run", command });
  if (state !== "granted") throw noLeave(command);
}

function noLeave(command: string): FlintError {
  return new FlintError(
    "denied",
    `Flint was started without leave to run ${command}: start it with ` +
      `FLINT_ALLOW=--allow-run=${command}`,
  );
}

/** What of INHERITED there is and may be read. */
async function inherited(): Promise<Record<string, string>> {
  const found = await Promise.all(INHERITED.map(async (variable) => {
    const { state } = await Deno.permissions.query({ name: "env", variable });
    const value = state === "granted" ? Deno.env.get(variable) : undefined;
    return value === undefined ? [] : [[variable, value]];
  }));
  return Object.fromEntries(found.flat());
}

/** Whether `work` ends within `ms`. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, ms, false);
  const ended = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}

const messageOf = (error: unknown) => (error as Error).message;
