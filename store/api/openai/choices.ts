/** Several generations side by side, told as one sequence of events. */
import type { GenerateEvent, Usage } from "@flint/core";

/** An event of one of the choices. */
export interface ChoiceEvent {
  /** Which choice, 0.. */
  readonly index: number;
  readonly event: GenerateEvent;
}

/** A token of a generation. */
export type TokenEvent = Extract<GenerateEvent, { type: "token" }>;
/** The end of a generation. */
export type DoneEvent = Extract<GenerateEvent, { type: "done" }>;

/** A finished choice. */
export interface Choice {
  readonly text: string;
  readonly tokens: readonly TokenEvent[];
  readonly done: DoneEvent;
}

/** Yields whatever comes next from any source; if one fails or the reader leaves, all end. */
export async function* together(
  sources: readonly AsyncIterable<GenerateEvent>[],
): AsyncGenerator<ChoiceEvent> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const advance = async (index: number) => ({ index, ...await iterators[index]!.next() });
  const pending = new Map(iterators.map((_, index) => [index, advance(index)]));
  try {
    while (pending.size > 0) {
      const { index, done, value } = await Promise.race(pending.values());
      pending.delete(index);
      if (done) continue;
      yield { index, event: value };
      // Only now: a reader that left must not leave a promise behind that nobody awaits.
      pending.set(index, advance(index));
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

/** Reads all choices to their ends. */
export async function collect(
  events: AsyncIterable<ChoiceEvent>,
  count: number,
): Promise<Choice[]> {
  const tokens: TokenEvent[][] = Array.from({ length: count }, () => []);
  const ends: DoneEvent[] = [];
  for await (const { index, event } of events) {
    if (event.type === "token") tokens[index]!.push(event);
    else ends[index] = event;
  }
  return ends.map((done, index) => ({
    text: tokens[index]!.map((token) => token.text).join(""),
    tokens: tokens[index]!,
    done,
  }));
}

/** Token counts as OpenAI has them: each prompt once, all its choices' answers. */
export function usageOf(ends: readonly DoneEvent[], choicesPerPrompt: number) {
  const prompts = ends.filter((_, index) => index % choicesPerPrompt === 0);
  const prompt = sum(prompts, "promptTokens"), completion = sum(ends, "completionTokens");
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(prompts, "cachedTokens") },
  };
}

const sum = (ends: readonly DoneEvent[], count: keyof Usage) =>
  ends.reduce((total, end) => total + end.usage[count], 0);

/** OpenAI knows no "cancelled": whoever could read it has gone, so any word serves. */
export const finishReason = (done: DoneEvent): "stop" | "length" =>
  done.reason === "length" ? "length" : "stop";
