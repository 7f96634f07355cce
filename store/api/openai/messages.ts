/** OpenAI's messages as chat templates know them. */
import { type ChatMessage, FlintError } from "@flint/core";
import type { Message } from "./schema.ts";

/** Messages for the engine; parts become one text, `developer` becomes `system`. */
export function engineMessages(messages: readonly Message[]): ChatMessage[] {
  return messages.map((message, index) => {
    const content = textOf(message.content);
    switch (message.role) {
      case "system":
      case "developer":
        return { role: "system", content, ...named(message.name) };
      case "user":
        return { role: "user", content, ...named(message.name) };
      case "tool":
        return { role: "tool", content, toolCallId: message.tool_call_id };
      case "assistant":
        return { role: "assistant", content, ...named(message.name), ...calls(message, index) };
    }
  });
}

function textOf(content: Message["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => "text" in part ? part.text : "").join("");
}

const named = (name: string | undefined) => name === undefined ? {} : { name };

function calls(message: Extract<Message, { role: "assistant" }>, index: number) {
  if (!message.tool_calls?.length) return {};
  const toolCalls = message.tool_calls.map((call, i) => ({
    id: call.id,
    name: call.function.name,
    arguments: argumentsOf(call.function.arguments, `messages[${index}].tool_calls[${i}]`),
  }));
  return { toolCalls };
}

/** Clients send arguments as JSON text; templates want the object. */
function argumentsOf(text: string, field: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new FlintError("bad_input", `${field}.function.arguments is not the text of a JSON object`);
}
