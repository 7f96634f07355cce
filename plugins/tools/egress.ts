/**
 * The one door by which plugins reach the web: addresses are checked and pinned (address.ts), each
 * redirect anew; sizes and times are bounded; what may be repeated without harm is tried again, and
 * a host that keeps failing is left alone for a while.
 */
import { FlintError } from "@flint/core";
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
import { exchange } from "./exchange.ts";

/** What is asked of a web server. */
export interface WebRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What it answered. */
export interface WebResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Where the answer came from in the end. */
  readonly url: string;
}

/** Who may be reached, and how much may come back. */
export interface EgressPolicy {
  /** Hosts ("name" or "name:port") that may be private. */
  readonly allowed?: readonly string[];
  /** Longest answer, bytes. */
  readonly bytesMax?: number;
  /** Longest exchange, redirects included, milliseconds. */
  readonly msMax?: number;
  readonly resolve?: Resolve;
}

const BYTES_MAX = 4 << 20;
const MS_MAX = 30_000;
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

/** A server's "not now", so that retry and breaker see it; ends as an ordinary answer. */
class NotNow extends Error {
  readonly response: WebResponse;
  constructor(response: WebResponse) {
    super(`answers ${response.status}`);
    this.response = response;
  }
}

/** Sends requests under one policy and remembers which hosts fail. */
export class Egress {
  readonly #policy: EgressPolicy;
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();

  constructor(policy: EgressPolicy = {}) {
    this.#policy = policy;
  }

  /**
   * One exchange, redirects followed.
   * @throws FlintError bad_input, denied (where none may go), unavailable (no answer), over_budget
   */
  async send(request: WebRequest): Promise<WebResponse> {
    const url = URL.parse(request.url);
    if (!url) throw new FlintError("bad_input", `"${request.url}" is no web address`);
    const limit = AbortSignal.timeout(this.#policy.msMax ?? MS_MAX);
    const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit;
    try {
      return await this.#withPatience(url, request, signal);
    } catch (error) {
      if (error instanceof NotNow) return error.response;
      if (error instanceof FlintError) throw error;
      throw new FlintError("unavailable", said(error, url, limit, request.signal), {
        cause: error,
      });
    }
  }

  #withPatience(url: URL, request: WebRequest, signal: AbortSignal): Promise<WebResponse> {
    const patient = retry(handleWhen((error) => isPassing(error) && !signal.aborted), {
      maxAttempts: SAFE_METHODS.has(methodOf(request)) ? RETRIES : 0,
      backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 2000 }),
    });
    const breaker = this.#breaker(url.host);
    return patient.execute(() => breaker.execute(() => this.#follow(url, request, signal)), signal);
  }

  /** One attempt: the request, and whatever it is redirected to. */
  async #follow(url: URL, request: WebRequest, signal: AbortSignal): Promise<WebResponse> {
    const { allowed = [], bytesMax = BYTES_MAX, resolve } = this.#policy;
    let { headers = {}, body } = request, method = methodOf(request);
    for (let redirects = 0;; redirects++) {
      const addresses = await pin(url, allowed, resolve);
      const sent = { url, method, headers, body, addresses, bytesMax, signal };
      const { status, headers: said, body: answer } = await exchange(sent);
      const response = { status, headers: said, body: answer, url: url.href };
      if (RETRY_STATUS.has(status)) throw new NotNow(response);
      if (!REDIRECT_STATUS.has(status) || said.location === undefined) return response;
      if (redirects === REDIRECTS_MAX) {
        throw new FlintError("denied", `${request.url} redirects more than ${REDIRECTS_MAX} times`);
      }
      const next = URL.parse(said.location, url);
      if (!next) throw new FlintError("unavailable", `${url.host} redirects to no web address`);
      if (url.protocol === "https:" && next.protocol !== "https:") {
        throw new FlintError("denied", `${url.host} redirects from https to ${next.protocol}`);
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

const methodOf = ({ method = "GET" }: WebRequest) => method.toUpperCase();

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
