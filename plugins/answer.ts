/** An answer as it grows: the calls before it, its words, how it ended, what it cost. */
import type { Engine, GenerateEvent } from "@flint/core";
import type { Begun } from "./begun.ts";
import type { NewMessage } from "./conversation.ts";
import { given } from "./given.ts";
import type { Citation } from "./knowledge/citation.ts";
import type { Prompt } from "./prompt.ts";
import type { AnswerStats, ChatEvent, Message, ToolUse } from "./schema.ts";

/** One answer. */
export class Answer {
  content = "";
  end: NonNullable<Message["end"]> = "cancelled"; // unless the engine says otherwise
  stats: AnswerStats | undefined;
  citations: Citation[] | undefined;
  /** In the order they were wanted; entries are replaced as calls go on. */
  readonly calls: ToolUse[];

  constructor(calls: readonly ToolUse[]) {
    this.calls = [...calls];
  }

  /** Says what the engine generates; words that no tool was called for are held to what was looked up. */
  async *speak(
    events: AsyncIterable<GenerateEvent>,
    begun: Begun,
  ): AsyncGenerator<ChatEvent> {
    const held = this.calls.length === 0 ? begun.ground?.hold() : undefined;
    try {
      for await (const event of events) {
        if (event.type === "done") this.finish(event, begun);
        else {
          const text = held?.say(event.text) ?? event.text;
          if (text !== "") yield this.say(text);
        }
      }
      const rest = held?.end() ?? "";
      if (rest !== "") yield this.say(rest);
    } finally {
      this.citations = held?.citations();
    }
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
    return {
      role: "assistant",
      content,
      end,
      ...given({ stats, calls, citations: this.citations }),
    };
  }
}
