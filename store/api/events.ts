/** Server-sent events from an async iterable: whole frames only, and a closed tab stops the source. */
import type { Context } from "hono";
import { setTimeout as delay } from "node:timers/promises";
import { problem } from "./errors.ts";

/** One event; `data` is one line (JSON). */
export interface Frame {
  readonly event?: string;
  readonly data: string;
}

/** How to open and end a stream. */
export interface EventStreamOptions {
  /** Opens the source; it must end soon after `signal` aborts. */
  readonly frames: (signal: AbortSignal) => AsyncIterable<Frame>;
  /** The last frame of a stream that breaks after it began. */
  readonly failed: (error: unknown) => Frame;
  /** Ends the stream from our side, as when the server stops. */
  readonly until?: AbortSignal;
}

/**
 * Refusals (queue full, prompt too long) come at once and deserve an HTTP status; whoever is not
 * refused by then gets headers before the first token.
 */
const REFUSAL_MS_MAX = 100;

/** Answers with a stream. Rejects if the source fails before it has begun to answer. */
export async function eventStream(c: Context, options: EventStreamOptions): Promise<Response> {
  const gone = new AbortController();
  const signals = [c.req.raw.signal, gone.signal, ...(options.until ? [options.until] : [])];
  const source = options.frames(AbortSignal.any(signals))[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Frame>> | undefined = source.next();
  next.catch(() => {}); // told when it is read; nobody reads it if the reader leaves before
  await refusal(next);

  const body = new ReadableStream<Uint8Array>({
    async pull(out) {
      try {
        const { done, value } = await (next ?? source.next());
        next = undefined;
        if (done) out.close();
        else out.enqueue(encode(value));
      } catch (error) {
        out.enqueue(encode(options.failed(error)));
        out.close();
      }
    },
    async cancel() {
      gone.abort();
      await source.return?.();
    },
  }, { highWaterMark: 0 }); // the reader's pace is the source's pace

  return c.body(body, 200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no", // a proxy that buffers would undo streaming
  });
}

/** Rejects with the first step's failure if that comes soon. */
async function refusal(first: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const patience = delay(REFUSAL_MS_MAX, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([first, patience]).finally(() => timer.abort());
}

function encode({ event, data }: Frame): Uint8Array {
  return new TextEncoder().encode(`${event ? `event: ${event}\n` : ""}data: ${data}\n\n`);
}

/** An event that says what kind it is. */
interface TypedEvent {
  readonly type: string;
}

/** Streams events under the names of their kinds; if the source fails, `error` is the last. */
export function typedStream(
  c: Context,
  open: (signal: AbortSignal) => AsyncIterable<TypedEvent>,
): Promise<Response> {
  return eventStream(c, {
    frames: (signal) => frames(open(signal)),
    failed: (error) => {
      const { type, detail } = problem(error, c.req.path);
      return frame({ type: "error", code: type, message: detail });
    },
  });
}

async function* frames(events: AsyncIterable<TypedEvent>): AsyncGenerator<Frame> {
  for await (const event of events) yield frame(event);
}

const frame = <E extends TypedEvent>(event: E): Frame => (
  { event: event.type, data: JSON.stringify(event) }
);
