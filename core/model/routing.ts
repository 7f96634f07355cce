/**
 * Which experts a token is sent to, and how much each counts. The router is exact and resident, so
 * it is the predictor too; foresight.ts asks it early.
 */
import { setBit, wordsFor } from "../flash/bits.ts";
import { activeWord, isMarked } from "./activity.ts";
import { FAMILIES } from "./families.ts";
import type { ExpertWindows } from "./expert_windows.ts";
import type { Plan } from "./plan.ts";
import { type Pass, strideOf, type Thread } from "./thread.ts";

/** llama.cpp divides the chosen experts' shares by no less: the least normal f16. */
const SHARE_SUM_MIN = 6.103515625e-5;

/**
 * Writes the experts of the highest scores to `chosen`, by rising number, and their shares; of equal
 * scores the first wins.
 * @param shares  "softmax": of all experts' softmax; "chosen": made to sum up to 1
 */
export function chooseExperts(
  scores: Float32Array,
  rule: "softmax" | "chosen",
  chosen: Int32Array,
  shares: Float32Array,
): void {
  for (let j = 0; j < chosen.length; j++) {
    let best = -1;
    for (let e = 0; e < scores.length; e++) {
      if (best >= 0 && !(scores[e]! > scores[best]!)) continue;
      let taken = false;
      for (let i = 0; i < j; i++) taken ||= chosen[i] === e;
      if (!taken) best = e;
    }
    chosen[j] = best;
  }
  const most = scores[chosen[0]!]!;
  chosen.sort();
  let all = 0, some = 0;
  for (let e = 0; e < scores.length; e++) all += Math.exp(scores[e]! - most);
  for (let j = 0; j < chosen.length; j++) some += Math.exp(scores[chosen[j]!]! - most);
  const sum = rule === "softmax" ? all : Math.max(some, SHARE_SUM_MIN * all);
  for (let j = 0; j < chosen.length; j++) shares[j] = Math.exp(scores[chosen[j]!]! - most) / sum;
}

/**
 * From the router's scores: each token's experts, their inputs side by side, and where a token finds
 * what they make of it. Whoever comes last at a barrier does it for all.
 */
export function route(
  { plan, floats }: Thread,
  windows: ExpertWindows,
  layer: number,
  { tokens }: Pass,
): void {
  const { spec, counts, plan: { scores, shares } } = windows;
  const rule = FAMILIES[plan.spec.architecture].experts!.shares;
  counts.fill(0);
  for (let t = 0; t < tokens; t++) {
    const chosen = windows.chosenBy(t);
    const first = scores / 4 + t * spec.count, share = shares / 4 + t * (spec.used + 1);
    chooseExperts(
      floats.subarray(first, first + spec.count),
      rule,
      chosen,
      floats.subarray(share, share + spec.used),
    );
    for (const expert of chosen) counts[expert]!++;
  }
  windows.settleRows();
  for (let t = 0; t < tokens; t++) send(plan, windows, t);
  if (isMarked(plan, tokens)) markActive(plan, windows, layer, tokens);
}

/** Sets the bits of each token's experts: what the reuse report counts. */
function markActive(plan: Plan, windows: ExpertWindows, layer: number, tokens: number): void {
  const { words, spec } = windows;
  for (let t = 0; t < tokens; t++) {
    const bits = activeWord(plan, t, layer);
    words.fill(0, bits, bits + wordsFor(spec.count));
    for (const expert of windows.chosenBy(t)) setBit(words, bits, expert);
  }
}

/** Copies token t's x to the next input row of each of its experts, and notes where outputs lie. */
function send({ normed, spec: { width } }: Plan, windows: ExpertWindows, t: number): void {
  const { next, words, bytes, spec: { used }, plan: { inputs, outputs, rows } } = windows;
  windows.chosenBy(t).forEach((expert, j) => {
    const row = next[expert]!++;
    for (const form of inputs.forms) {
      const stride = strideOf(inputs, form), from = normed[form] + t * stride;
      bytes.copyWithin(inputs[form] + row * stride, from, from + stride);
    }
    words[rows / 4 + t * (used + 1) + j] = outputs + row * width * 4;
  });
}

/** The shared expert's rows and shares: sigmoid(gate . x). */
export function routeShared(
  { plan, words, floats }: Thread,
  windows: ExpertWindows,
  layer: number,
  { tokens }: Pass,
): void {
  const { spec: { used }, plan: { rows, shares } } = windows;
  const { width } = plan.spec, gate = plan.vectors[layer]!.sharedGate / 4;
  for (let t = 0; t < tokens; t++) {
    const x = plan.normed.f32 / 4 + t * width;
    let dot = 0;
    for (let c = 0; c < width; c++) dot += floats[gate + c]! * floats[x + c]!;
    const last = t * (used + 1) + used;
    words[rows / 4 + last] = windows.sharedAt + t * width * 4;
    floats[shares / 4 + last] = 1 / (1 + Math.exp(-dot));
  }
}
