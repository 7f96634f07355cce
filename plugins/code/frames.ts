/**
 * Frames on a plugin's pipes: 4 bytes of length (little-endian), then as much JSON. The process's
 * own begin with a mark that is drawn for it: all else that comes out of it is print.
 */
import { joined } from "../pieces.ts";

/** Bytes of a mark: not to be met by chance, nor guessed. */
export const MARK_BYTES = 16;
const LENGTH_BYTES = 4;

/** A value as a frame. */
export function frameOf(value: unknown): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(value));
  const frame = new Uint8Array(LENGTH_BYTES + json.length);
  new DataView(frame.buffer).setUint32(0, json.length, true);
  frame.set(json, LENGTH_BYTES);
  return frame;
}

/** What is found in the bytes that came: a frame's JSON, or print between frames. */
export type Found = { readonly json: string } | { readonly print: Uint8Array };

/** Takes bytes as they come and gives frames. Without a mark, frames follow one another. */
export class FrameReader {
  readonly #mark: Uint8Array;
  readonly #bytesMax: number;
  #pieces: Uint8Array[] = [];
  #size = 0;
  /** Bytes needed before anything more can be found. */
  #need = 1;

  constructor(bytesMax: number, mark: Uint8Array = new Uint8Array(0)) {
    this.#bytesMax = bytesMax;
    this.#mark = mark;
  }

  /** @throws RangeError when a frame is longer than `bytesMax` */
  *push(bytes: Uint8Array): Generator<Found> {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size < this.#need) return; // so that a long frame in small pieces is joined once
    let rest: Uint8Array = this.#pieces.length === 1 ? this.#pieces[0]! : joined(this.#pieces);
    for (;;) {
      const at = indexOf(rest, this.#mark);
      if (at > 0) yield { print: rest.subarray(0, at) };
      rest = rest.subarray(at);
      const head = this.#mark.length + LENGTH_BYTES;
      if (rest.length < head) break;
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(this.#mark.length, true);
      if (length > this.#bytesMax) throw new RangeError(`a frame of ${length} bytes`);
      this.#need = head + length;
      if (rest.length < this.#need) break;
      yield { json: new TextDecoder().decode(rest.subarray(head, this.#need)) };
      rest = rest.subarray(this.#need);
      this.#need = 1;
    }
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    if (this.#need <= rest.length) this.#need = rest.length + 1;
  }
}

/** Where `mark` begins, whole or cut off by the end; the length where it does not. */
function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) {
    if (mark.length === 0) return at;
    at = bytes.indexOf(mark[0]!, at);
    if (at < 0) return bytes.length;
    let same = 1;
    while (same < mark.length && at + same < bytes.length && bytes[at + same] === mark[same]) {
      same++;
    }
    if (same === mark.length || at + same === bytes.length) return at;
  }
  return bytes.length;
}
