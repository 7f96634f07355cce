/**
 * How fast one thread's kernels are: GB/s of weights for each type and number of tokens, with
 * weights streamed from DRAM (the set is larger than the caches) and beside a plain pass over as
 * many bytes; the largest error against the f64 twin; and nanoseconds of attention for one position
 * of one head. Run: deno run --allow-read test/bench/kernels_bench.ts [TYPE...]
 */
import {
  activationBytes,
  activationForm,
  instantiateKernels,
  kernelFlavor,
  type Kernels,
  rowBytes,
} from "../../core/kernels/kernels.ts";
import * as reference from "../../core/kernels/reference.ts";
import { TensorType } from "../../core/flash/layout.ts";

/** Three times the 32 MB L3 of the machine this was written on. */
const WEIGHT_BYTES = 96 << 20;
const TOKENS = [1, 4, 16] as const;
/** The fastest of so many passes: noise only ever slows one down. */
const PASSES = 5;

const SCRATCH = 512 << 10;
const INPUT = 768 << 10;
const MATRIX = 32 << 20;
const ACTIVATIONS = 1 << 20;
const OUT = 8 << 20;

/** Shortest time of a few runs, in seconds. */
function fastest(run: () => void): number {
  let best = Infinity;
  for (let i = 0; i < PASSES; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best / 1e3;
}

/** GB/s of weights: matrices of `rows` x `cols`, one after the other through the whole set. */
function matmulRate(
  kernels: Kernels,
  type: number,
  rows: number,
  cols: number,
  tokens: number,
): number {
  const row = rowBytes(type, cols);
  const stride = activationBytes(activationForm(type), cols);
  const bytes = Math.ceil(rows * row / 64) * 64;
  // Many tokens are bound by arithmetic: a part of the set tells as much, sooner.
  const count = Math.floor(WEIGHT_BYTES / bytes / tokens) + 1;
  const seconds = fastest(() => {
    for (let i = 0; i < count; i++) {
      const w = MATRIX + i * bytes;
      kernels.matmul(type, w, row, rows, cols, ACTIVATIONS, stride, tokens, OUT, 4 * rows, false);
    }
  });
  return count * rows * row / seconds / 1e9;
}

/** GB/s of a pass that only looks at the bytes: what memory gives one thread. */
function memoryRate(kernels: Kernels): number {
  const some = 64 << 10; // short calls: a long one would run to its end in code not yet optimized
  const seconds = fastest(() => {
    for (let at = 0; at < WEIGHT_BYTES; at += some) kernels.mark(MATRIX + at, some / 4, 1, OUT);
  });
  return WEIGHT_BYTES / seconds / 1e9;
}

/** Largest error of some rows, as a share of the sum of their products' magnitudes. */
function largestError(kernels: Kernels, type: number): number {
  const cols = 1536, rows = 8, row = rowBytes(type, cols), form = activationForm(type);
  const x = Float32Array.from({ length: cols }, (_, i) => Math.sin(i * i));
  new Float32Array(memory.buffer, INPUT, cols).set(x);
  if (form === "f32") new Float32Array(memory.buffer, ACTIVATIONS, cols).set(x);
  else kernels.quantize(form, INPUT, cols, ACTIVATIONS);
  const stride = activationBytes(form, cols);
  kernels.matmul(type, MATRIX, row, rows, cols, ACTIVATIONS, stride, 1, OUT, 4 * rows, false);
  const fast = new Float32Array(memory.buffer, OUT, rows);
  const weights = new Uint8Array(memory.buffer, MATRIX, rows * row).slice();
  const slow = reference.matmul(type, weights, rows, reference.quantized(form, x));
  return Math.max(...slow.map(({ dot, magnitude }, r) => Math.abs(fast[r]! - dot) / magnitude));
}

/** Nanoseconds for one position of one head, alone or of two at once. */
function attentionNanoseconds(
  attend: Kernels["attend"],
  heads: number,
  headWidth: number,
  length: number,
): number {
  const rowBytes = 2 * headWidth, blockTokens = 16;
  const blockBytes = 2 * blockTokens * rowBytes;
  const scale = 1 / Math.sqrt(headWidth);
  const values = MATRIX + blockTokens * rowBytes;
  const seconds = fastest(() => {
    for (let i = 0; i < 100; i++) {
      attend(
        ...[ACTIVATIONS, headWidth, scale, length, MATRIX, values] as const,
        ...[0, blockBytes, blockTokens, rowBytes, OUT] as const,
      );
    }
  });
  return seconds / 100 / length / heads * 1e9;
}

/** Small random numbers everywhere, finite and normal as halves in any type. */
function fill(memory: WebAssembly.Memory): void {
  const words = new Uint32Array(memory.buffer, MATRIX);
  let state = 1;
  for (let i = 0; i < words.length; i++) {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    words[i] = state & 0x2fff2fff | 0x04000400;
  }
  new Int32Array(memory.buffer, 0, 4096).forEach((_, i, blocks) => blocks[i] = i);
}

const memory = new WebAssembly.Memory({ initial: 2304, maximum: 65536, shared: true });
fill(memory);
const kernels = await instantiateKernels(memory, SCRATCH);
console.log(
  `kernels: ${kernelFlavor()}, one thread; GB/s of weights at tokens ${TOKENS.join(", ")}`,
);

console.log(`a plain pass over memory`.padEnd(25), memoryRate(kernels).toFixed(2));

for (const [name, type] of Object.entries(TensorType)) {
  if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
  // attention, gate, up; then the down projection inside a cluster of 256 neurons
  for (const [rows, cols] of [[1536, 1536], [1536, 256]] as const) {
    const rates = TOKENS.map((tokens) => matmulRate(kernels, type, rows, cols, tokens).toFixed(2));
    console.log(`${name.padEnd(5)} ${rows}x${cols}`.padEnd(25), rates.join("  "));
  }
  console.log(
    `${name.padEnd(5)} largest error`.padEnd(25),
    largestError(kernels, type).toExponential(1),
  );
}
for (const headWidth of [64, 128]) {
  const one = attentionNanoseconds(kernels.attend, 1, headWidth, 1024).toFixed(1);
  const two = attentionNanoseconds(kernels.attendPair, 2, headWidth, 1024).toFixed(1);
  console.log(`attention width ${headWidth}, 1024 positions: ${one} ns each, in pairs ${two} ns`);
}
