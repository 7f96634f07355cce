/**
 * Messages between two processes over a pipe: 4 bytes length of the head, 4 bytes length of the
 * body (little-endian), the head in JSON, the body as it is.
 */

/** One message. */
export interface Frame {
  readonly head: unknown;
  readonly body: Uint8Array<ArrayBuffer>;
}

const PREFIX_BYTES = 8;
/** Heads hold addresses and headers, which are a few kilobytes. */
const HEAD_BYTES_MAX = 1 << 20;

/** A message as bytes. */
export function encodeFrame(head: unknown, body: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const frame = new Uint8Array(PREFIX_BYTES + text.length + body.length);
  const prefix = new DataView(frame.buffer);
  prefix.setUint32(0, text.length, true);
  prefix.setUint32(4, body.length, true);
  frame.set(text, PREFIX_BYTES);
  frame.set(body, PREFIX_BYTES + text.length);
  return frame;
}

/**
 * The messages of a pipe until it ends, even amid a message.
 * @throws RangeError for a length beyond the limits, SyntaxError for a head that is no JSON
 */
export async function* readFrames(
  pipe: ReadableStream<Uint8Array>,
  bodyBytesMax: number,
): AsyncIterable<Frame> {
  const source = new ByteSource(pipe);
  try {
    while (true) {
      const prefix = await source.take(PREFIX_BYTES);
      if (!prefix) return;
      const view = new DataView(prefix.buffer);
      const headBytes = view.getUint32(0, true), bodyBytes = view.getUint32(4, true);
      if (headBytes > HEAD_BYTES_MAX || bodyBytes > bodyBytesMax) {
        throw new RangeError(`a message of ${headBytes} and ${bodyBytes} bytes is too long`);
      }
      const head = await source.take(headBytes), body = await source.take(bodyBytes);
      if (!head || !body) return;
      yield { head: JSON.parse(new TextDecoder().decode(head)), body };
    }
  } finally {
    await source.cancel();
  }
}

/** Takes exact numbers of bytes out of pieces that come in any size. */
class ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pipe: ReadableStream<Uint8Array>) {
    this.#reader = pipe.getReader();
  }

  /** Undefined when the pipe ends before. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const taken = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      if (this.#rest.length === 0) {
        const { value } = await this.#reader.read();
        if (!value) return undefined;
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, count - filled);
      taken.set(piece, filled);
      filled += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return taken;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // a broken pipe has nothing left to cancel
  }
}
