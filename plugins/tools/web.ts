/** What plugins see of the web: a request goes out, its answer comes back whole or in pieces. */

/** Longest answer, bytes, and longest exchange, milliseconds, unless the request says. */
export const BYTES_MAX = 4 << 20, MS_MAX = 30_000;
/** Longest body either way, whatever is asked for. */
export const BODY_BYTES_MAX = 32 << 20;

/** What is asked of a web server. */
export interface WebRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Names of the hosts that redirects may lead to. Default: any. */
  readonly hosts?: readonly string[];
  /** Longest answer, bytes; BYTES_MAX unless said, BODY_BYTES_MAX at most. */
  readonly bytesMax?: number;
  /** Longest exchange, redirects included, milliseconds; MS_MAX unless said. */
  readonly msMax?: number;
}

/** Where an answer comes from in the end, and its head. */
export interface WebHead {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
}

/** What a server answered. */
export interface WebResponse extends WebHead {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What a server is answering. Reading may throw as `send` does; breaking off ends the exchange. */
export interface WebStream extends WebHead {
  readonly body: AsyncIterable<Uint8Array>;
}

/** A way to the web. Plugins have no other. */
export interface Web {
  /**
   * One exchange, redirects followed.
   * @throws FlintError bad_input, denied (where none may go), unavailable (no answer), over_budget
   */
  send(request: WebRequest): Promise<WebResponse>;
  /** The same up to the answer's body, which is read as it comes. */
  stream(request: WebRequest): Promise<WebStream>;
}

/** All pieces as one. */
export async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await Array.fromAsync(pieces) as BlobPart[];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
