/**
 * The tools' part of a reply: the model names calls, they run, it is told what came of them, until it
 * would rather speak or one of them needs the user's leave. Nothing here writes: whoever drives it does.
 */
import { FlintError } from "@flint/core";
import type { ChatEvent, ToolUse } from "./schema.ts";
import { callId, type ToolCall } from "./tools/choice.ts";
import { callTool, textResult, type ToolContext, type ToolResult } from "./tools/tool.ts";
import type { GrantedTool } from "./tools/toolbox.ts";

/** Rounds of calls in one answer: a small model that may go on does. */
const STEPS_MAX = 5;
/** Characters of pictures and charts kept with one answer. */
const PICTURES_CHARS_MAX = 8 << 20;
/** Longest line about what is happening, and how many of them one call may say. */
const PROGRESS_CHARS_MAX = 500, PROGRESS_LINES_MAX = 200;

/** What a turn is made from. */
export interface Turn {
  /** All tools it may call. */
  readonly tools: readonly GrantedTool[];
  /** Which calls the model wants, given those before; none: it would rather speak. */
  readonly choose: (uses: readonly ToolUse[]) => Promise<readonly ToolCall[]>;
  /** Whether the user allowed all further calls of this tool. */
  readonly allowed: (tool: GrantedTool) => boolean;
  readonly context: Omit<ToolContext, "signal" | "progress" | "ask">;
  /** Opens a question to the user; absent: nobody can be asked. */
  readonly ask?: (schema: object, signal: AbortSignal) => {
    readonly id: string;
    readonly answer: ReturnType<NonNullable<ToolContext["ask"]>>;
  };
  /** Keeps `uses` as they are now: before calls run, so that it is known what was begun, and after each. */
  readonly keep: () => Promise<void>;
}

/** Whether a call needs a decision that nobody made yet. */
export const isWaiting = ({ ask, decision }: ToolUse): boolean =>
  ask !== undefined && decision === undefined;

/** Whether a call may run and has not. */
const isDue = (use: ToolUse): boolean =>
  !use.result && !isWaiting(use) && use.decision !== "deny" && use.decision !== "expired";

/**
 * Goes on from `uses`, which grows and changes in place: calls that are due run first. Returns
 * whether the model may speak now, or must wait for a decision.
 */
export async function* useTools(
  turn: Turn,
  uses: ToolUse[],
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, "speak" | "wait"> {
  for (;;) {
    yield* runDue(turn, uses, signal);
    if (uses.some(isWaiting)) return "wait";
    const step = (uses.at(-1)?.step ?? -1) + 1;
    if (step === STEPS_MAX) return "speak";
    const wanted = (await turn.choose(uses)).filter((call) => !uses.some(isSame(call)));
    if (wanted.length === 0) return "speak";
    for (const call of wanted) {
      uses.push(useOf(call, step, turn));
    }
    await turn.keep(); // before it is told, and before it runs
    for (const use of uses.filter(isWaiting)) yield { type: "approval", call: use };
  }
}

/** The same call again would answer the same: the model has nothing else to ask. */
const isSame = (call: ToolCall) => (use: ToolUse) =>
  use.name === call.name && JSON.stringify(use.arguments) === JSON.stringify(call.arguments);

function useOf(call: ToolCall, step: number, { tools, allowed }: Turn): ToolUse {
  const granted = tools.find(({ name }) => name === call.name)!;
  const asks = granted.ask !== "never" && !(granted.ask === "once" && allowed(granted));
  return {
    id: callId(),
    plugin: granted.plugin,
    tool: granted.tool.name,
    name: call.name,
    arguments: { ...call.arguments },
    step,
    ...(asks ? { ask: granted.ask as "always" | "once" } : {}),
  };
}

/** Runs what is due: what changes nothing at once, the others one after another. */
async function* runDue(
  turn: Turn,
  uses: ToolUse[],
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const due = uses.filter(isDue);
  if (due.length === 0) return;
  const effectOf = (use: ToolUse) => find(turn, use)?.tool.effect ?? "none";
  const together = due.filter((use) => effectOf(use) !== "writes");
  const ordered = due.filter((use) => effectOf(use) === "writes");
  yield* running(signal, async (emit, signal) => {
    await Promise.all(together.map((use) => run(turn, uses, use, emit, signal)));
    for (const use of ordered) await run(turn, uses, use, emit, signal);
  });
}

/** Yields what `work` emits until it ends; a reader who leaves aborts it. */
async function* running(
  signal: AbortSignal,
  work: (emit: (event: ChatEvent) => void, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<ChatEvent> {
  const left = new AbortController();
  const events = new ReadableStream<ChatEvent>({
    start(out) {
      const emit = (event: ChatEvent) => left.signal.aborted || out.enqueue(event);
      work(emit, AbortSignal.any([signal, left.signal])).then(
        () => left.signal.aborted || out.close(),
        (error) => out.error(error),
      );
    },
    cancel: () => left.abort(),
  });
  yield* events;
}

/** Runs one call and puts its result in its place among `uses`. */
async function run(
  turn: Turn,
  uses: ToolUse[],
  use: ToolUse,
  emit: (event: ChatEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  emit({ type: "tool_call", call: use });
  const result = await resultOf(turn, use, emit, signal);
  const done = { ...use, result: bounded(result, uses) };
  uses[uses.findIndex(({ id }) => id === use.id)] = done;
  await turn.keep();
  emit({ type: "tool_result", call: done });
}

async function resultOf(
  turn: Turn,
  use: ToolUse,
  emit: (event: ChatEvent) => void,
  signal: AbortSignal,
): Promise<ToolResult> {
  const granted = find(turn, use);
  if (!granted) return textResult(`${use.name} is no longer there`, true);
  let lines = 0;
  const progress = (text: string) => {
    if (lines++ >= PROGRESS_LINES_MAX) return;
    emit({ type: "progress", call: use.id, text: String(text).slice(0, PROGRESS_CHARS_MAX) });
  };
  const ask: ToolContext["ask"] = turn.ask && ((text, schema) => {
    const { id, answer } = turn.ask!(schema, signal);
    const plain = JSON.parse(JSON.stringify(schema));
    emit({
      type: "question",
      question: id,
      call: use.id,
      text: text.slice(0, 2000),
      schema: plain,
    });
    return answer;
  });
  const context = { ...turn.context, signal, progress, ...(ask ? { ask } : {}) };
  try {
    return await callTool(granted.tool, use.arguments, context);
  } catch (error) {
    if (error instanceof FlintError && error.code === "bad_input") {
      return textResult(error.message, true); // the model reads what was wrong with its arguments
    }
    throw error;
  }
}

const find = ({ tools }: Turn, use: ToolUse) =>
  tools.find(({ plugin, tool }) => plugin === use.plugin && tool.name === use.tool);

/** A result whose pictures find room beside those of the other calls. */
function bounded(result: ToolResult, uses: readonly ToolUse[]): ToolResult {
  let chars = uses.reduce((sum, use) => sum + picturesOf(use.result), 0);
  const content = result.content.map((piece) => {
    if (piece.type !== "image" && piece.type !== "chart") return piece;
    chars += picturesOf({ content: [piece] });
    return chars <= PICTURES_CHARS_MAX
      ? piece
      : { type: "text" as const, text: "(a picture too large to keep)" };
  });
  return { ...result, content };
}

function picturesOf(result: ToolResult | undefined): number {
  return (result?.content ?? []).reduce((sum, piece) => {
    if (piece.type === "image") return sum + piece.data.length;
    return piece.type === "chart" ? sum + JSON.stringify(piece.spec).length : sum;
  }, 0);
}
