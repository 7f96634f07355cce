/** One run of the process that reaches the web: orders in, answers out, until it ends. */
import { FlintError } from "@flint/core/errors";
import { endChild } from "../child.ts";
import { DoorAnswer, type DoorOrder } from "./door_messages.ts";
import { encodeFrame, type Frame, readFrames } from "./frames.ts";
import { BODY_BYTES_MAX, MS_MAX, type WebHead, type WebRequest } from "./web.ts";

/** What has not even failed this long after its time is stuck, and the process with it. */
const GRACE_MS = 5000;
/** For objects and code; bodies lie outside of V8's heap. */
const HEAP_MB = 64;

/** An answer on its way. */
export interface Answer {
  readonly head: Promise<WebHead>;
  readonly body: ReadableStream<Uint8Array>;
  /** When nothing more comes, for whatever reason. */
  readonly ended: Promise<void>;
}

/** One process. */
export class DoorProcess {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers = new Map<number, Incoming>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  #runs = true;

  /** Starts it. @throws FlintError unavailable when that can't be */
  constructor(allowed: readonly string[]) {
    this.#child = start(allowed);
    this.#orders = this.#child.stdin.getWriter();
    this.#ended = this.#listen();
  }

  /** Whether it takes requests. */
  get runs(): boolean {
    return this.#runs;
  }

  /** Asks; the answer fails as Web says. */
  ask({ body, signal, ...asked }: WebRequest, stream: boolean): Answer {
    const id = ++this.#lastId;
    const incoming = new Incoming(() => {
      this.#answers.delete(id);
      this.#tell({ type: "cancel", id });
    });
    this.#answers.set(id, incoming);
    this.#tell({ type: "ask", id, stream, hasBody: body !== undefined, ...asked }, body);
    const late = setTimeout(() => endChild(this.#child), (asked.msMax ?? MS_MAX) + GRACE_MS);
    const stop = () => incoming.cancel();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    void incoming.ended.then(() => {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
    });
    return incoming;
  }

  /** Ends it. */
  async close(): Promise<void> {
    if (this.#runs) endChild(this.#child);
    await this.#ended;
  }

  #tell(order: DoorOrder, body?: Uint8Array): void {
    this.#orders.write(encodeFrame(order, body)).catch(() => {}); // it ended: #listen tells everyone
  }

  async #listen(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#child.stdout, BODY_BYTES_MAX)) this.#hear(frame);
    } catch {
      endChild(this.#child); // what it says makes no sense: it is not to be trusted any more
    }
    this.#runs = false;
    const { code } = await this.#child.status;
    await this.#orders.abort().catch(() => {});
    const why = `the process that reaches the web ended (code ${code}): try again`;
    for (const incoming of this.#answers.values()) {
      incoming.fail(new FlintError("unavailable", why));
    }
    this.#answers.clear();
  }

  #hear({ head, body }: Frame): void {
    const answer = DoorAnswer.parse(head);
    const incoming = this.#answers.get(answer.id);
    if (!incoming) return; // cancelled meanwhile
    const { type, id: _, ...rest } = answer;
    if (type === "head") return incoming.begin(rest as WebHead);
    if (type === "piece") return incoming.take(body);
    this.#answers.delete(answer.id);
    if (answer.type === "failed") incoming.fail(new FlintError(answer.code, answer.message));
    else incoming.end();
  }
}

/** An answer that is filled by what the process says. */
class Incoming implements Answer {
  readonly #head = Promise.withResolvers<WebHead>();
  readonly #ended = Promise.withResolvers<void>();
  readonly body: ReadableStream<Uint8Array>;
  #pieces!: ReadableStreamDefaultController<Uint8Array>;
  readonly #onCancel: () => void;

  constructor(onCancel: () => void) {
    this.#onCancel = onCancel;
    this.body = new ReadableStream({
      start: (pieces) => {
        this.#pieces = pieces;
      },
      cancel: () => {
        onCancel();
        this.#ended.resolve();
      },
    });
    this.#head.promise.catch(() => {}); // also told by the body, which may be all that is read
  }

  get head(): Promise<WebHead> {
    return this.#head.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  begin(head: WebHead): void {
    this.#head.resolve(head);
  }

  take(piece: Uint8Array): void {
    this.#pieces.enqueue(piece);
  }

  end(): void {
    this.#pieces.close();
    this.#ended.resolve();
  }

  fail(error: FlintError): void {
    this.#head.reject(error);
    this.#pieces.error(error);
    this.#ended.resolve();
  }

  cancel(): void {
    this.#onCancel();
    this.fail(new FlintError("cancelled", "the request to the web was cancelled"));
  }
}

/** Deno's own code and ours can be read without leave; every other kind of leave stays denied. */
function start(allowed: readonly string[]): Deno.ChildProcess {
  const script = new URL("./door_main.ts", import.meta.url).href;
  const flags = ["--quiet", "--no-prompt", "--cached-only", "--deny-import", "--allow-net"];
  try {
    return new Deno.Command("deno", {
      args: [
        "run",
        ...flags,
        `--v8-flags=--max-old-space-size=${HEAP_MB}`,
        script,
        JSON.stringify(allowed),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (cause) {
    const why = (cause as Error).message;
    throw new FlintError("unavailable", `the process for the web does not start: ${why}`, {
      cause,
    });
  }
}
