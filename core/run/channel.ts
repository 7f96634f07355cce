/** A bounded stream from the scheduler to one reader: the reader's pace is the back-pressure. */

/** What the writing side is told. */
export interface ChannelListeners {
  /** A full channel has room again. */
  readonly onRoom: () => void;
  /** The reader left before the end. */
  readonly onLeave: () => void;
}

/** Items in order, then an end or an error. One reader; leaving takes effect at once. */
export class Channel<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #listeners: ChannelListeners;
  readonly #items: T[] = [];
  readonly #readers: PromiseWithResolvers<IteratorResult<T>>[] = [];
  #end: { readonly error?: unknown } | undefined;

  constructor(capacity: number, listeners: ChannelListeners) {
    this.#capacity = capacity;
    this.#listeners = listeners;
  }

  /** The writer should rest. What it still has to say of one step may pass the bound. */
  get full(): boolean {
    return this.#items.length >= this.#capacity;
  }

  push(item: T): void {
    if (this.#end) return;
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ done: false, value: item });
    else this.#items.push(item);
  }

  /** Nothing follows what is buffered. */
  end(): void {
    this.#close({});
  }

  /** The reader gets the error behind what is buffered. */
  fail(error: unknown): void {
    this.#close({ error });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#items.length > 0) {
      const wasFull = this.full;
      const value = this.#items.shift()!;
      if (wasFull && !this.full) this.#listeners.onRoom();
      return Promise.resolve({ done: false, value });
    }
    const reader = Promise.withResolvers<IteratorResult<T>>();
    this.#readers.push(reader);
    if (this.#end) this.#settle(this.#end);
    return reader.promise;
  }

  return(): Promise<IteratorResult<T>> {
    this.#items.length = 0;
    if (!this.#end) {
      this.#close({});
      this.#listeners.onLeave();
    }
    this.#end = {};
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(end: { readonly error?: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    if (this.#items.length === 0) this.#settle(end);
  }

  /** Answers everyone who waits; an error is told once. */
  #settle(end: { readonly error?: unknown }): void {
    for (const reader of this.#readers.splice(0)) {
      if ("error" in end) reader.reject(end.error);
      else reader.resolve({ done: true, value: undefined });
      end = this.#end = {};
    }
  }
}

/**
 * A stream that begins when it is first read, so that one nobody reads costs nothing. An error of
 * the beginning is the first read's.
 */
export function whenRead<T>(begin: () => AsyncIterator<T>): AsyncIterableIterator<T> {
  let stream: AsyncIterator<T> | undefined;
  let left = false;
  return {
    async next() {
      if (left) return { done: true, value: undefined };
      try {
        return await (stream ??= begin()).next();
      } catch (error) {
        left = true;
        throw error;
      }
    },
    async return() {
      left = true;
      await stream?.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
