/// <reference lib="dom" />
/** Requests to our own API: JSON in and out, answers as a stream of events. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Say } from "../strings.ts";

/** The server's refusal, in its own words. */
export class Refusal extends Error {}

/** Why a request failed, for its reader. */
export function reason(error: unknown, say: Say): string {
  return error instanceof Refusal ? error.message : say("unreachable");
}

/** Sends JSON and returns the response; a refusal throws with the problem's detail. */
export async function send(
  method: "POST" | "PATCH" | "DELETE",
  address: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const response = await fetch(address, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(problem.detail ?? problem.title ?? `${response.status}`);
}

/**
 * Posts; resolves once the question is taken. Aborting closes the stream, which stops the engine.
 * `Event` is what the route streams.
 */
export async function askFor<Event>(
  address: string,
  body: unknown,
  signal: AbortSignal,
): Promise<AsyncIterable<Event>> {
  const response = await send("POST", address, body, {}, signal);
  return events(response.body!);
}

async function* events<Event>(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Event> {
  const reader = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield JSON.parse(value.data);
    }
  } finally {
    await reader.cancel().catch(() => {}); // already closed by the abort
  }
}
