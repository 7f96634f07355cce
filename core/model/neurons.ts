/**
 * The feed-forward half of a layer whose activations are mostly true zeros, neuron by neuron:
 * x += sum of max(0, up[n] . x)^2 * down[n] over the neurons that the resident sketch cannot rule
 * out. Those in the window are computed at once, the others are demanded from flash and computed as
 * they come. Sums run over rising neurons, so results depend neither on what was in the window nor
 * on threads and batches; a neuron left out would have added zero.
 */
import { setBit, wordsFor } from "../flash/bits.ts";
import type { UnitPart } from "../flash/layout.ts";
import { activeWord, isMarked } from "./activity.ts";
import { normalize } from "./attention.ts";
import type { Plan } from "./plan.ts";
import type { Pass, Range, Thread } from "./thread.ts";
import { planRound, State, type Windows } from "./windows.ts";

/** Neurons of a piece of work on scattered rows, and rows of one on scattered columns. */
const PIECE_NEURONS = 16, PIECE_ROWS = 128;
/** Runs the half with the other threads; x is whole at the next barrier. */
export function sparseFeedForward(
  thread: Thread,
  windows: Windows,
  layer: number,
  pass: Pass,
): void {
  normalize(thread, layer, "ffnNorm", pass);
  ruleOut(thread, windows, layer, pass);
  thread.barrier(0, () => {
    unite(thread, windows, pass);
    planRound(windows, layer);
  });
  for (let first = true, more = true; more; first = false) {
    multiplyUp(thread, windows, layer, pass);
    thread.barrier(0, () => settle(windows, thread.plan, layer, pass));
    more = windows.state[State.end]! < windows.state[State.union]!;
    sumDown(thread, windows, layer, pass, { first, last: !more });
    if (more) thread.barrier(0, () => planRound(windows, layer));
  }
}

/** Bits of the neurons whose sketch does not lie further below zero than it may be off. */
function ruleOut(thread: Thread, windows: Windows, layer: number, pass: Pass): void {
  const norms = inputNorms(thread, pass);
  for (const placed of thread.layers[layer]!) {
    const [rows, slack] = placed.unit.parts as [UnitPart, UnitPart];
    if (rows.matrix !== "sketch") continue;
    if (!thread.canTake(placed)) thread.barrier();
    const at = thread.take(placed);
    thread.spreadRows({ count: rows.rows, bytes: rows.rowBytes, grain: 32 }, (from, to) => {
      sketchDots(thread, windows, at, rows, pass, { from, to });
      for (let t = 0; t < pass.tokens; t++) {
        mark(thread, windows, at + slack.at + 4 * from, { t, norm: norms[t]! }, {
          from: rows.row + from,
          to: rows.row + to,
        });
      }
    });
  }
}

/** |x| of each token, as each thread computes it for itself. */
function inputNorms({ plan, floats }: Thread, { tokens }: Pass): Float64Array {
  const { width } = plan.spec;
  const norms = new Float64Array(tokens);
  for (let t = 0; t < tokens; t++) {
    const first = (plan.normed.f32 + t * plan.normed.f32Stride) / 4;
    let squares = 0;
    for (let c = first; c < first + width; c++) squares += floats[c]! * floats[c]!;
    norms[t] = Math.sqrt(squares);
  }
  return norms;
}

function sketchDots(
  thread: Thread,
  windows: Windows,
  at: number,
  part: UnitPart,
  { tokens }: Pass,
  range: Range,
): void {
  const { normed, spec } = thread.plan;
  const x = { at: normed.q16x32, stride: normed.q16x32Stride };
  const first = windows.plan.dots + (part.row + range.from) * 4;
  thread.product(at, part, range, x, tokens, { at: first, stride: spec.neurons * 4 });
}

/** Sets a token's bits for neurons from..to, whole words; `slack` is the address of the first's. */
function mark(
  { plan, words, floats }: Thread,
  windows: Windows,
  slack: number,
  { t, norm }: { readonly t: number; readonly norm: number },
  { from, to }: Range,
): void {
  const { neurons } = plan.spec;
  const dots = windows.plan.dots / 4 + t * neurons;
  const out = windows.plan.candidates / 4 + t * neurons / 32;
  for (let n = from; n < to; n += 32) {
    let bits = 0;
    for (let bit = 0; bit < 32; bit++) {
      const highest = floats[dots + n + bit]! + floats[slack / 4 + n - from + bit]! * norm;
      if (!(highest <= 0)) bits |= 1 << bit; // a NaN is no proof
    }
    words[out + n / 32] = bits;
  }
}

/** Lists the neurons that some token may need. */
function unite({ plan, words }: Thread, windows: Windows, { tokens }: Pass): void {
  const count = plan.spec.neurons / 32, first = windows.plan.candidates / 4;
  let end = windows.plan.union / 4;
  for (let w = 0; w < count; w++) {
    let bits = 0;
    for (let t = 0; t < tokens; t++) bits |= words[first + t * count + w]!;
    for (; bits !== 0; bits &= bits - 1) words[end++] = w * 32 + 31 - Math.clz32(bits & -bits);
  }
  windows.state.set([end - windows.plan.union / 4, 0, 0, 0]);
}

/** up . x of the round's neurons, what is here before what is on its way. */
function multiplyUp(thread: Thread, windows: Windows, layer: number, { tokens }: Pass): void {
  const { plan, kernels, words } = thread;
  const { state, plan: { dots, addresses, reads, layers } } = windows;
  const { type } = layers[layer]!.units[0]!.parts[0]!;
  const hits = state[State.hits]!, count = state[State.end]! - state[State.first]!;
  const some = (first: number, end: number) => {
    if (first >= hits) thread.wait(words[reads / 4 + end - 1]!);
    for (let t = 0; t < tokens; t++) {
      kernels.gather(
        type,
        addresses + first * 4,
        end - first,
        0,
        plan.spec.width,
        plan.normed.f32 + t * plan.normed.f32Stride,
        dots + (t * plan.spec.neurons + first) * 4,
      );
    }
  };
  for (const [from, to] of [[0, hits], [hits, count]] as const) {
    thread.spread(Math.ceil((to - from) / PIECE_NEURONS), (piece) => {
      const first = from + piece * PIECE_NEURONS;
      some(first, Math.min(to, first + PIECE_NEURONS));
    });
  }
}

/** Each token's active neurons in rising order: address and activation; their bits in small passes. */
function settle(
  windows: Windows,
  whole: Plan,
  layer: number,
  { tokens }: Pass,
): void {
  const { plan, words, floats, state } = windows;
  const { neurons } = whole.spec;
  const marked = isMarked(whole, tokens);
  for (let t = 0; t < tokens; t++) {
    const bits = activeWord(whole, t, layer);
    if (marked && state[State.first] === 0) words.fill(0, bits, bits + wordsFor(neurons));
    let count = 0;
    for (let i = state[State.first]!; i < state[State.end]!; i++) {
      const place = words[plan.places / 4 + i]!;
      const dot = floats[plan.dots / 4 + t * neurons + place]!;
      if (dot <= 0) continue;
      words[plan.columns / 4 + t * neurons + count] = words[plan.addresses / 4 + place]!;
      floats[plan.shares / 4 + t * neurons + count++] = dot * dot;
      if (marked) setBit(words, bits, words[plan.union / 4 + i]!);
    }
    words[plan.counts / 4 + t] = count;
  }
}

/** ffn (+)= the round's columns by their activations; after the last round x += ffn. */
function sumDown(
  thread: Thread,
  windows: Windows,
  layer: number,
  { tokens }: Pass,
  where: { readonly first: boolean; readonly last: boolean },
): void {
  const { plan, kernels, words, floats } = thread;
  const { width, neurons } = plan.spec;
  const { columns, shares, counts, layers } = windows.plan;
  const [up, down] = layers[layer]!.units[0]!.parts as [UnitPart, UnitPart];
  const weightBytes = down.type === 0 ? 4 : 2;
  thread.spread(Math.ceil(width / PIECE_ROWS), (piece) => {
    const from = piece * PIECE_ROWS, to = Math.min(width, from + PIECE_ROWS);
    for (let t = 0; t < tokens; t++) {
      const out = plan.ffn + (t * width + from) * 4;
      if (where.first) floats.fill(0, out / 4, out / 4 + to - from);
      kernels.addColumns(
        down.type,
        columns + t * neurons * 4,
        down.at - up.at + from * weightBytes,
        shares + t * neurons * 4,
        words[counts / 4 + t]!,
        to - from,
        out,
      );
    }
    if (where.last) thread.addRows(plan.x, plan.ffn, tokens, from, to);
  });
}
