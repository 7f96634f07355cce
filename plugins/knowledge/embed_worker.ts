/** The embedder's thread: loads MiniLM once, then answers job after job. Its name is the model's folder. */
import type { PreTrainedTokenizer, Tensor } from "@huggingface/transformers";
import { basename, dirname } from "node:path";
import { DIMENSIONS, EMBED_TOKENS_MAX, type EmbedJob, type EmbedResult } from "./embed.ts";

/** Padded tokens of one pass. More saves no time on one thread and costs memory (see README). */
const PASS_TOKENS = 512;

/** This thread, typed without the worker library, which would retype the whole project's globals. */
const thread = self as unknown as {
  readonly name: string;
  onmessage: (event: MessageEvent<EmbedJob>) => void;
  postMessage(result: EmbedResult, transfer: ArrayBuffer[]): void;
};

// Before anything is awaited: what arrives while there is no handler is lost.
thread.onmessage = async ({ data: { id, texts } }) => {
  let result: EmbedResult;
  try {
    result = { id, ...await answer(texts) };
  } catch (error) {
    result = { id, error: error instanceof Error ? error.message : String(error) };
  }
  thread.postMessage(result, "vectors" in result ? [result.vectors.buffer] : []);
};

/** Begun by the first job. */
let loaded: Promise<Loaded> | undefined;

async function load(localModelPath: string, name: string) {
  // The library's browser runtime, loaded beside the native one, takes a worker for a page and fails
  // on an address that is no origin (4.3.1). Without an address it keeps quiet.
  Object.defineProperty(globalThis, "location", { value: undefined });
  const { AutoModel, AutoTokenizer, env, Tensor } = await import("@huggingface/transformers");
  Object.assign(env, {
    localModelPath,
    allowLocalModels: true, // in a worker the default is false
    allowRemoteModels: false,
    useFSCache: false,
    useBrowserCache: false,
    useWasmCache: false,
  });
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const network = await AutoModel.from_pretrained(name, {
    dtype: "q8",
    device: "cpu",
    // One thread: the model core's own workers have the other cores.
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  return { tokenizer, network, Tensor };
}

type Loaded = Awaited<ReturnType<typeof load>>;

/** Vectors (texts, DIMENSIONS), in passes of neighbouring texts. */
async function answer(texts: readonly string[]) {
  const model = await (loaded ??= load(dirname(thread.name), basename(thread.name)));
  const rows = texts.map((text) => tokensOf(model.tokenizer, text));
  const vectors = new Float32Array(rows.length * DIMENSIONS);
  for (let start = 0; start < rows.length;) {
    const end = passEnd(rows, start);
    await pass(model, rows.slice(start, end), vectors.subarray(start * DIMENSIONS));
    start = end;
  }
  return { vectors, tokens: rows.flat().length };
}

function tokensOf(tokenizer: PreTrainedTokenizer, text: string): number[] {
  const options = { truncation: true, max_length: EMBED_TOKENS_MAX, return_tensor: false };
  return tokenizer(text, options).input_ids as number[];
}

function passEnd(rows: number[][], start: number): number {
  let width = 0;
  let end = start;
  while (end < rows.length) {
    width = Math.max(width, rows[end]!.length);
    if (end > start && (end + 1 - start) * width > PASS_TOKENS) break;
    end++;
  }
  return end;
}

async function pass({ network, Tensor }: Loaded, rows: number[][], out: Float32Array) {
  const width = Math.max(...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * width); // 0 is [PAD]
  const mask = new BigInt64Array(rows.length * width);
  rows.forEach((row, r) =>
    row.forEach((id, t) => {
      ids[r * width + t] = BigInt(id);
      mask[r * width + t] = 1n;
    })
  );
  const shape = [rows.length, width];
  const { last_hidden_state } = await network({
    input_ids: new Tensor("int64", ids, shape),
    attention_mask: new Tensor("int64", mask, shape),
    token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), shape),
  });
  pool(last_hidden_state, rows, out);
}

/** The mean of each row's token vectors, at unit length, as the model was trained. */
function pool(states: Tensor, rows: number[][], out: Float32Array): void {
  const [, width, size] = states.dims;
  if (size !== DIMENSIONS) throw new Error(`its vectors have ${size} numbers, not ${DIMENSIONS}`);
  const data = states.data as Float32Array;
  rows.forEach((row, r) => {
    const mean = out.subarray(r * DIMENSIONS, (r + 1) * DIMENSIONS);
    for (let t = 0; t < row.length; t++) {
      const at = (r * width! + t) * DIMENSIONS;
      for (let i = 0; i < DIMENSIONS; i++) mean[i]! += data[at + i]!;
    }
    const length = Math.hypot(...mean);
    for (let i = 0; i < DIMENSIONS; i++) mean[i]! /= length;
  });
}
