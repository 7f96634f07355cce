/** An engine that keeps its answers in a file, so that a long run can go on where it was stopped. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Engine, GenerateEvent, GenerateRequest } from "@flint/core";

/** Greedy requests are answered from `file` where it has them, else by the engine, and then kept. */
export function replayed(engine: Engine, file: string): Engine {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  const known = new Map<string, GenerateEvent[]>(
    lines.filter((line) => line !== "").map((line) => JSON.parse(line)),
  );
  async function* generate(request: GenerateRequest, signal?: AbortSignal) {
    const key = keyOf(engine.card.name, request);
    const kept = known.get(key);
    if (kept) return yield* kept;
    const events: GenerateEvent[] = [];
    for await (const event of engine.generate(request, signal)) {
      events.push(event);
      yield event;
    }
    if (signal?.aborted) return;
    known.set(key, events);
    appendFileSync(file, `${JSON.stringify([key, events])}\n`);
  }
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "generate") return generate;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function keyOf(
  model: string,
  { prompt, jsonSchema, maxTokens, sampling }: GenerateRequest,
): string {
  const all = JSON.stringify([model, prompt, jsonSchema, maxTokens, sampling]);
  return createHash("sha256").update(all).digest("base64url").slice(0, 22);
}
