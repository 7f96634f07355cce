/** Bytes that come in pieces: joined, or taken from a stream up to a limit. */

/** The pieces one behind the other, copied. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Takes bytes up to a limit, whatever was announced: what a zip says of its sizes may be a lie. */
export class BoundedSink implements UnderlyingSink<Uint8Array> {
  readonly #bytesMax: number;
  readonly #refusal: () => Error;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** `refusal` is thrown at the first byte beyond `bytesMax`. */
  constructor(bytesMax: number, refusal: () => Error) {
    this.#bytesMax = bytesMax;
    this.#refusal = refusal;
  }

  write(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > this.#bytesMax) throw this.#refusal();
    this.#pieces.push(piece);
  }

  /** All that was taken. */
  bytes(): Uint8Array<ArrayBuffer> {
    return joined(this.#pieces);
  }
}
