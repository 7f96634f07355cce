/**
 * The one door by which plugins reach the web: addresses are checked and pinned (address.ts), each
 * redirect anew; sizes and times are bounded; what may be repeated without harm is tried again, and
 * a host that keeps failing is left alone for a while. It runs in a process of its own (door.ts).
 */
import { FlintError } from "@flint/core/errors";
import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  retry,
} from "cockatiel";
import { pin, type Resolve } from "./address.ts";
import { type Answer, exchange } from "./exchange.ts";
import {
  BYTES_MAX,
  MS_MAX,
  type Web,
  type WebRequest,
  type WebResponse,
  type WebStream,
  whole,
} from "./web.ts";

/** Who may be reached, and what requests get that do not say. */
export interface EgressPolicy {
  /** Hosts ("name" or "name:port") that may be private. */
  readonly allowed?: readonly string[];
  readonly bytesMax?: number;
  readonly msMax?: number;
  readonly resolve?: Resolve;
}

const REDIRECTS_MAX = 5;
const REDIRECT_STATUS = new Set([301, 302, 303, 307, 308]);
/** Methods that change nothing however often they are sent (RFC 9110, 9.2.1). */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const RETRIES = 2;
/** Answers that say "not now". */
const RETRY_STATUS = new Set([429, 502, 503, 504]);
/** Failures in a row after which a host is left alone, and for how long. */
const FAILURES_MAX = 5, REST_MS = 30_000;
/** Hosts whose failures are remembered. */
const HOSTS_MAX = 256;
/** All that a server other than the first one is told of the request. */
const HARMLESS = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/** An answer whose body is still to come, and where it comes from. */
interface Landed {
  readonly answer: Answer;
  readonly url: string;
}

/** What becomes of the answer, within the patience that its request has. */
type Take<T> = (landed: Landed) => Promise<T>;

/** A server's "not now", so that retry and breaker see it; ends as an ordinary answer. */
class NotNow<T> extends Error {
  readonly taken: T;
  constructor(status: number, taken: T) {
    super(`answers ${status}`);
    this.taken = taken;
  }
}

/** Sends requests under one policy and remembers which hosts fail. */
export class Egress implements Web {
  readonly #policy: EgressPolicy;
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();

  constructor(policy: EgressPolicy = {}) {
    this.#policy = policy;
  }

  send(request: WebRequest): Promise<WebResponse> {
    const retries = SAFE_METHODS.has(methodOf(request)) ? RETRIES : 0;
    return this.#ask(request, retries, async ({ answer, url }) => ({
      status: answer.status,
      headers: answer.headers,
      body: await whole(answer.body),
      url,
    }));
  }

  /** Never tried again: who reads along has seen the beginning. */
  stream(request: WebRequest): Promise<WebStream> {
    return this.#ask(
      request,
      0,
      ({ answer: { status, headers, body }, url }, explain) =>
        Promise.resolve({ status, headers, url, body: explained(body, explain) }),
    );
  }

  async #ask<T>(
    request: WebRequest,
    retries: number,
    take: (landed: Landed, explain: (error: unknown) => FlintError) => Promise<T>,
  ): Promise<T> {
    const url = URL.parse(request.url);
    if (!url) throw new FlintError("bad_input", `"${request.url}" is no web address`);
    const limit = AbortSignal.timeout(request.msMax ?? this.#policy.msMax ?? MS_MAX);
    const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit;
    const explain = (error: unknown) =>
      error instanceof FlintError
        ? error
        : new FlintError("unavailable", said(error, url, limit, request.signal), { cause: error });
    try {
      const asked = { ...request, signal };
      return await this.#withPatience(url, asked, retries, (landed) => take(landed, explain));
    } catch (error) {
      if (error instanceof NotNow) return error.taken;
      throw explain(error);
    }
  }

  #withPatience<T>(url: URL, request: Bounded, retries: number, take: Take<T>): Promise<T> {
    const { signal } = request;
    const patient = retry(handleWhen((error) => isPassing(error) && !signal.aborted), {
      maxAttempts: retries,
      backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 2000 }),
    });
    const breaker = this.#breaker(url.host);
    return patient.execute(() => breaker.execute(() => this.#follow(url, request, take)), signal);
  }

  /** One attempt: the request, and whatever it is redirected to. */
  async #follow<T>(url: URL, request: Bounded, take: Take<T>): Promise<T> {
    const { allowed = [], resolve } = this.#policy;
    const bytesMax = request.bytesMax ?? this.#policy.bytesMax ?? BYTES_MAX;
    let { headers = {}, body } = request, method = methodOf(request);
    for (let redirects = 0;; redirects++) {
      const addresses = await pin(url, allowed, resolve);
      const sent = { url, method, headers, body, addresses, bytesMax, signal: request.signal };
      const answer = await exchange(sent);
      const { status, headers: { location } } = answer;
      if (!REDIRECT_STATUS.has(status) || location === undefined) {
        const taken = await take({ answer, url: url.href });
        if (RETRY_STATUS.has(status)) throw new NotNow(status, taken);
        return taken;
      }
      answer.close();
      if (redirects === REDIRECTS_MAX) {
        throw new FlintError("denied", `${request.url} redirects more than ${REDIRECTS_MAX} times`);
      }
      const next = redirected(url, location);
      if (request.hosts?.includes(next.hostname) === false) {
        throw new FlintError("denied", `${url.host} redirects to ${next.hostname}: not granted`);
      }
      if (next.origin !== url.origin) headers = harmless(headers);
      if (status === 303 || (status < 303 && method === "POST")) {
        if (method !== "HEAD") method = "GET";
        body = undefined;
      }
      url = next;
    }
  }

  #breaker(host: string): CircuitBreakerPolicy {
    const known = this.#breakers.get(host);
    if (known) return known;
    if (this.#breakers.size >= HOSTS_MAX) {
      this.#breakers.delete(this.#breakers.keys().next().value!);
    }
    const breaker = circuitBreaker(handleWhen(isPassing), {
      halfOpenAfter: REST_MS,
      breaker: new ConsecutiveBreaker(FAILURES_MAX),
    });
    this.#breakers.set(host, breaker);
    return breaker;
  }
}

/** A request that ends. */
type Bounded = WebRequest & { readonly signal: AbortSignal };

const methodOf = ({ method = "GET" }: WebRequest) => method.toUpperCase();

/** The pieces, and in place of what broke them off why it did. */
async function* explained(
  pieces: AsyncIterable<Uint8Array>,
  explain: (error: unknown) => FlintError,
): AsyncIterable<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw explain(error);
  }
}

function redirected(url: URL, location: string): URL {
  const next = URL.parse(location, url);
  if (!next) throw new FlintError("unavailable", `${url.host} redirects to no web address`);
  if (url.protocol === "https:" && next.protocol !== "https:") {
    throw new FlintError("denied", `${url.host} redirects from https to ${next.protocol}`);
  }
  return next;
}

/** Whether a failure is the host's and may pass: what is refused stays refused, cancelling is ours. */
function isPassing(error: unknown): boolean {
  if (error instanceof FlintError) return false;
  const { name, cause } = error as Error;
  return name !== "AbortError" || (cause as Error | undefined)?.name === "TimeoutError";
}

/** A server other than the first one is told no secrets. */
function harmless(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => HARMLESS.has(name.toLowerCase())),
  );
}

/** Why no answer came; never the request's headers or query, which may hold secrets. */
function said(error: unknown, url: URL, limit: AbortSignal, reader?: AbortSignal): string {
  if (reader?.aborted) return `the request to ${url.host} was cancelled`;
  if (limit.aborted) return `${url.host} took too long to answer`;
  if (isBrokenCircuitError(error)) {
    return `${url.host} failed ${FAILURES_MAX} times in a row: try again in half a minute`;
  }
  return `${url.host} does not answer: ${(error as Error).message}`;
}
