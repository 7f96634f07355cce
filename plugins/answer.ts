/** An answer as it grows: the calls before it, its words, how it ended, what it cost. */
import type { Engine, GenerateEvent } from "@flint/core";
import type { NewMessage } from "./conversation.ts";
import { given } from "./given.ts";
import type { Prompt } from "./prompt.ts";
import type { AnswerStats, ChatEvent, Message, ToolUse } from "./schema.ts";

/** One answer. */
export class Answer {
  content = "";
  end: NonNullable<Message["end"]> = "cancelled"; // unless the engine says otherwise
  stats: AnswerStats | undefined;
  /** In the order they were wanted; entries are replaced as calls go on. */
  readonly calls: ToolUse[];

  constructor(calls: readonly ToolUse[]) {
    this.calls = [...calls];
  }

  say(text: string): ChatEvent {
    this.content += text;
    return { type: "token", text };
  }

  finish(
    { reason, usage, speed }: Extract<GenerateEvent, { type: "done" }>,
    { engine, dropped, prompt }: {
      readonly engine: Engine;
      readonly dropped: number;
      readonly prompt: Prompt;
    },
  ): void {
    this.end = reason;
    this.stats = {
      model: engine.card.name,
      fidelity: engine.fidelity,
      ...usage,
      droppedMessages: dropped,
      layers: prompt.layers,
      ...speed,
    };
  }

  /** An empty answer is kept only if the model chose it, or something was done for it. */
  get worthKeeping(): boolean {
    const { content, end, calls } = this;
    return content !== "" || end === "stop" || end === "length" || calls.length > 0;
  }

  /** As it is while calls run. */
  unfinished(): NewMessage {
    return { role: "assistant", content: "", calls: [...this.calls] };
  }

  message(): NewMessage {
    const { content, end, stats } = this;
    const calls = this.calls.length > 0 ? [...this.calls] : undefined;
    return { role: "assistant", content, end, ...given({ stats, calls }) };
  }
}
