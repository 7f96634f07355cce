/** Seeded conversations for chat templates: with and without system message, tools and calls. */
import type { ChatMessage } from "../core/run/api.ts";
import { randomInts } from "./random.ts";
import { variedTexts } from "./varied_text.ts";

/** What a template renders. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly unknown[];
  readonly open: boolean;
}

/** `count` conversations. Same seed, same conversations. */
export function variedChats(seed: number, count: number): Chat[] {
  const pick = randomInts(seed);
  const texts = variedTexts(seed, 500).map((text) => text.toWellFormed());
  const text = () => texts[pick(texts.length)]!;
  const turn = (withTools: boolean): ChatMessage[] => {
    const asked: ChatMessage = { role: "user", content: text() };
    if (!withTools || pick(2) === 0) return [asked, { role: "assistant", content: text() }];
    const toolCalls = Array.from({ length: 1 + pick(2) }, (_, i) => ({
      id: `call_${i}`,
      name: ["roll", "search_web"][pick(2)]!,
      arguments: { n: pick(9), text: text(), list: [true, null, 1.5, { é: [] }] },
    }));
    return [
      asked,
      { role: "assistant", content: pick(2) ? "" : text(), toolCalls },
      ...toolCalls.map(({ id }): ChatMessage => ({
        role: "tool",
        content: text(),
        toolCallId: id,
      })),
      { role: "assistant", content: text() },
    ];
  };
  return Array.from({ length: count }, () => {
    const withTools = pick(3) === 0;
    const system: ChatMessage[] = pick(2) ? [{ role: "system", content: text() }] : [];
    const turns = Array.from({ length: pick(3) }, () => turn(withTools)).flat();
    return {
      messages: [...system, ...turns, { role: "user", content: text() }],
      tools: withTools ? [tool("roll", text()), tool("search_web", text())] : [],
      open: pick(4) > 0,
    };
  });
}

function tool(name: string, description: string): unknown {
  const parameters = { type: "object", properties: { n: { type: "integer", minimum: 1 } } };
  return { type: "function", function: { name, description, parameters } };
}
