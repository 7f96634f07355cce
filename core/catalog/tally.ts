/** Bytes of one pull: files finished, the file being written, wheels still on their way. */
export class Tally {
  readonly #tell: (bytes: number) => void;
  #finished = 0;
  #written = 0;
  #arriving = 0;
  #most = 0;

  /** `tell` hears a count that never goes down. */
  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  /** Bytes of the current file that are on disk. */
  write(bytes: number): void {
    this.#written = bytes;
    this.#sum();
  }

  /** Bytes that are downloaded but not yet unpacked. */
  arrive(bytes: number): void {
    this.#arriving = bytes;
    this.#sum();
  }

  /** The current file is done; the next one begins. */
  finish(bytes: number): void {
    this.#finished += bytes;
    this.#written = 0;
    this.#sum();
  }

  #sum(): void {
    this.#most = Math.max(this.#most, this.#finished + this.#written + this.#arriving);
    this.#tell(this.#most);
  }
}
