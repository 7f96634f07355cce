/**
 * Flint's side of the door: requests go to a process of their own, which alone may reach the net
 * and knows of conversations, keys and files nothing (door_main.ts). It is started with the
 * first request, and again after it ended.
 */
import { FlintError } from "@flint/core/errors";
import { DoorProcess } from "./door_process.ts";
import {
  BODY_BYTES_MAX,
  BYTES_MAX,
  type Web,
  type WebRequest,
  type WebResponse,
  type WebStream,
  whole,
} from "./web.ts";

/** Answers under way may come to this much together: the process then holds up to 260 MB, idle 72. */
const UNDER_WAY_BYTES_MAX = 64 << 20;
/** Requests that wait for room. */
const WAITING_MAX = 256;

/** The way to the web that all plugins share. */
export class Door implements Web {
  readonly #allowed: readonly string[];
  #process: DoorProcess | undefined;
  #underWayBytes = 0;
  readonly #waiting: (() => void)[] = [];

  /** `allowed`: hosts ("name" or "name:port") that may be private. */
  constructor({ allowed = [] }: { readonly allowed?: readonly string[] } = {}) {
    this.#allowed = allowed;
  }

  async send(request: WebRequest): Promise<WebResponse> {
    const { body, ...head } = await this.#ask(request, false);
    return { ...head, body: await whole(body) };
  }

  stream(request: WebRequest): Promise<WebStream> {
    return this.#ask(request, true);
  }

  /** Ends the process, and what is under way with it. The next request starts another. */
  async close(): Promise<void> {
    await this.#process?.close();
  }

  async #ask(request: WebRequest, stream: boolean): Promise<WebStream> {
    const { bytesMax = BYTES_MAX, body } = request;
    if (Math.max(bytesMax, body?.length ?? 0) > BODY_BYTES_MAX) {
      throw new FlintError("over_budget", `a body has at most ${BODY_BYTES_MAX} bytes`);
    }
    await this.#room(bytesMax);
    try {
      if (!this.#process?.runs) this.#process = new DoorProcess(this.#allowed);
    } catch (error) {
      this.#free(bytesMax);
      throw error;
    }
    const answer = this.#process.ask(request, stream);
    void answer.ended.then(() => this.#free(bytesMax));
    return { ...await answer.head, body: answer.body };
  }

  async #room(bytes: number): Promise<void> {
    while (this.#underWayBytes + bytes > UNDER_WAY_BYTES_MAX) {
      if (this.#waiting.length >= WAITING_MAX) {
        throw new FlintError("busy", `${WAITING_MAX} requests to the web wait already`);
      }
      const turn = Promise.withResolvers<void>();
      this.#waiting.push(turn.resolve);
      await turn.promise;
    }
    this.#underWayBytes += bytes;
  }

  #free(bytes: number): void {
    this.#underWayBytes -= bytes;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
