/** An engine that keeps its answers in a file, so that a long run can go on where it was stopped. */
import type { Engine, GenerateEvent, GenerateRequest } from "@flint/core";
import { Kept, keyOf } from "./kept.ts";

/** Greedy requests are answered from `file` where it has them, else by the engine, and then kept. */
export function replayed(engine: Engine, file: string): Engine {
  const answers = new Kept<GenerateEvent[]>(file);
  async function* generate(request: GenerateRequest, signal?: AbortSignal) {
    const { prompt, jsonSchema, maxTokens, sampling } = request;
    const key = keyOf(engine.card.name, prompt, jsonSchema, maxTokens, sampling);
    const kept = answers.get(key);
    if (kept) return yield* kept;
    const events: GenerateEvent[] = [];
    for await (const event of engine.generate(request, signal)) {
      events.push(event);
      yield event;
    }
    if (!signal?.aborted) answers.set(key, events);
  }
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "generate") return generate;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
