/** Texts into vectors of meaning (MiniLM), computed on a thread of its own, never over the network. */
import { FlintError } from "@flint/core";
import { join, resolve } from "node:path";

/** Numbers in one vector. */
export const DIMENSIONS = 384;
/** Tokens of a text that count, its two marks included; the rest is cut off (the model learned on these). */
export const EMBED_TOKENS_MAX = 256;
/** Most texts of one call. */
export const EMBED_TEXTS_MAX = 2048;

/** Vectors of unit length, one for each text, so that their dot product is their cosine. */
export interface Embeddings {
  readonly vectors: readonly Float32Array[];
  /** Tokens read, after cutting. */
  readonly tokens: number;
}

/** The cosine of two vectors of unit length. */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** An embedding model; it loads with the first call. */
export interface Embedder {
  /**
   * Embeds 1 to EMBED_TEXTS_MAX texts; the same text gives the same vector in any company.
   * Throws FlintError "unavailable" if the model is not there, "busy" when too many calls wait.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Embeddings>;
  /** Ends the thread; calls under way reject with "cancelled". */
  close(): void;
}

/** A message to the thread. */
export interface EmbedJob {
  readonly id: number;
  readonly texts: readonly string[];
}

/** Its answer: the vectors one behind the other, or why not. */
export type EmbedResult =
  | { readonly id: number; readonly vectors: Float32Array<ArrayBuffer>; readonly tokens: number }
  | { readonly id: number; readonly error: string };

/** What a transformers.js folder must have. */
const FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "onnx/model_quantized.onnx",
];
/** Texts of one job: between jobs another call gets its turn, about 0.3 s for the longest texts. */
const JOB_TEXTS = 16;
/** 256 tokens of the longest words there are; more of a text is not even tokenized. */
const TEXT_CHARS_MAX = 16_384;
const CALLS_MAX = 64;

/** Opens the model in `folder` (laid out as transformers.js has it, 8-bit weights). */
export function openEmbedder(folder: string): Embedder {
  return new ThreadEmbedder(resolve(folder));
}

class ThreadEmbedder implements Embedder {
  readonly #folder: string;
  #thread: Worker | undefined;
  #calls = 0;
  #nextId = 0;
  readonly #jobs = new Map<number, PromiseWithResolvers<EmbedResult>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Embeddings> {
    if (texts.length < 1 || texts.length > EMBED_TEXTS_MAX) {
      throw new FlintError("bad_input", `give 1 to ${EMBED_TEXTS_MAX} texts, got ${texts.length}`);
    }
    if (this.#calls === CALLS_MAX) {
      throw new FlintError("busy", `${CALLS_MAX} calls wait for embeddings: try again later`);
    }
    this.#calls++;
    try {
      return await this.#embed(texts, signal);
    } finally {
      this.#calls--;
    }
  }

  close(): void {
    this.#stop(new FlintError("cancelled", "the embedding model was closed"));
  }

  async #embed(texts: readonly string[], signal?: AbortSignal): Promise<Embeddings> {
    const vectors: Float32Array[] = [];
    let tokens = 0;
    for (let i = 0; i < texts.length; i += JOB_TEXTS) {
      if (signal?.aborted) throw new FlintError("cancelled", "stopped between two texts");
      const result = await this.#run(texts.slice(i, i + JOB_TEXTS));
      for (let at = 0; at < result.vectors.length; at += DIMENSIONS) {
        vectors.push(result.vectors.subarray(at, at + DIMENSIONS));
      }
      tokens += result.tokens;
    }
    return { vectors, tokens };
  }

  async #run(texts: readonly string[]): Promise<Exclude<EmbedResult, { error: string }>> {
    this.#thread ??= this.#start();
    const id = this.#nextId++;
    const job = Promise.withResolvers<EmbedResult>();
    this.#jobs.set(id, job);
    const cut = texts.map((text) => text.slice(0, TEXT_CHARS_MAX));
    this.#thread.postMessage({ id, texts: cut } satisfies EmbedJob);
    const result = await job.promise;
    if ("error" in result) throw new FlintError("unavailable", `no embeddings: ${result.error}`);
    return result;
  }

  #start(): Worker {
    checkFolder(this.#folder);
    const url = new URL("./embed_worker.ts", import.meta.url);
    // The library would fetch and cache files if it could: the thread may neither reach out nor write.
    const permissions = { net: false, write: false, run: false } as const;
    const thread = new Worker(url, {
      type: "module",
      name: this.#folder,
      deno: { permissions: { ...INHERITED, ...permissions } },
    });
    thread.onmessage = ({ data }: MessageEvent<EmbedResult>) => {
      this.#jobs.get(data.id)?.resolve(data);
      this.#jobs.delete(data.id);
    };
    thread.onerror = (event) => {
      event.preventDefault(); // it is told to the callers
      this.#stop(new FlintError("unavailable", `the embedding model failed: ${event.message}`));
    };
    return thread;
  }

  /** The next call, if one comes, starts afresh. */
  #stop(reason: FlintError): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    for (const { reject } of this.#jobs.values()) reject(reason);
    this.#jobs.clear();
  }
}

const INHERITED = { read: "inherit", env: "inherit", ffi: "inherit", sys: "inherit" } as const;

function checkFolder(folder: string): void {
  for (const file of FILES) {
    try {
      Deno.statSync(join(folder, file));
    } catch (cause) {
      throw new FlintError(
        "unavailable",
        `the embedding model is not in ${folder} (no ${file}): run \`flint pull minilm\``,
        { cause },
      );
    }
  }
}
