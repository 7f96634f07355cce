/** One pass of a ragged batch through the model, as each compute thread runs it. */
import { readSync } from "node:fs";
import { attention } from "./attention.ts";
import { expertFeedForward } from "./experts.ts";
import { feedForward } from "./ffn.ts";
import { foresee, foreseeable } from "./foresight.ts";
import { head } from "./head.ts";
import { sparseFeedForward } from "./neurons.ts";
import type { PageCheck } from "../flash/page_sums.ts";
import { PAGE, type RopeSpec, type Unit } from "../flash/layout.ts";
import type { Pass, Thread } from "./thread.ts";

/** Where a thread reads single embedding rows from. */
export interface Source {
  readonly fd: number;
  readonly memory: WebAssembly.Memory;
  readonly check: PageCheck;
}

/**
 * x = embedding[token]; for each layer: attention, feed-forward; then logits = head . norm(x) for
 * the tokens that want them. Every thread calls it with the same pass.
 */
export function forward(thread: Thread, source: Source, pass: Pass): void {
  const { plan } = thread;
  thread.spread(pass.tokens, (t) => {
    embed(thread, source, t);
    rotation(thread, source, t);
  });
  for (let layer = 0; layer < plan.spec.layers; layer++) {
    const guess = foreseeable(thread, pass)
      ? () => thread.traced("guess", layer, () => foresee(thread, thread.experts!, layer, pass))
      : undefined;
    thread.traced("attention", layer, () => attention(thread, layer, pass, guess));
    thread.traced("feed forward", layer, () => {
      if (thread.windows) sparseFeedForward(thread, thread.windows, layer, pass);
      else if (thread.experts) expertFeedForward(thread, thread.experts, layer, pass);
      else feedForward(thread, layer, pass);
    });
  }
  thread.barrier();
  if (pass.logits > 0) thread.traced("head", -1, () => head(thread, pass));
}

/** x[t] = the embedding row of token t, from its pinned unit or from flash. */
function embed(thread: Thread, { fd, memory, check }: Source, t: number): void {
  const { plan, kernels, words } = thread;
  const token = words[plan.tokens / 4 + t]!;
  const placed = plan.rows.find(({ unit }) => holds(unit, token))!;
  const part = placed.unit.parts[0]!;
  const inUnit = part.at + (token - part.row) * part.rowBytes;
  let row = placed.at + inUnit;
  if (placed.at < 0) {
    const from = placed.unit.offset + inUnit;
    const skip = from % PAGE;
    const bytes = Math.ceil((skip + part.rowBytes) / PAGE) * PAGE;
    const staging = plan.embedding + t * plan.embeddingStride;
    const pages = new Uint8Array(memory.buffer, staging, bytes);
    readSync(fd, pages, 0, bytes, from - skip);
    check.check(from - skip, pages);
    row = staging + skip;
  }
  kernels.dequantize(part.type, row, part.cols, plan.x + t * plan.spec.width * 4);
}

function holds({ parts }: Unit, token: number): boolean {
  return token >= parts[0]!.row && token < parts[0]!.row + parts[0]!.rows;
}

/** cos and sin of every rotated pair at the token's position. */
function rotation(thread: Thread, { memory }: Source, t: number): void {
  const { plan, words } = thread;
  const { rope } = plan.spec;
  const table = new Float32Array(memory.buffer, plan.rope + t * rope.width * 4, rope.width);
  const position = words[plan.positions / 4 + t]!;
  for (let pair = 0; pair < rope.width / 2; pair++) {
    const angle = position * frequency(rope, pair);
    table[2 * pair] = Math.cos(angle);
    table[2 * pair + 1] = Math.sin(angle);
  }
}

/** Radians a pair turns with each position. YaRN: Peng et al. 2023 (arXiv 2309.00071), eq. 17-20. */
export function frequency(rope: RopeSpec, pair: number): number {
  const plain = Math.pow(rope.base, -2 * pair / rope.width);
  const { scaling } = rope;
  if (scaling.kind === "linear") return plain / scaling.factor;
  if (scaling.kind === "factors") return plain / scaling.factors[pair]!;
  if (scaling.kind === "none") return plain;
  const turnsAt = (turns: number) =>
    rope.width * Math.log(scaling.originalContext / (turns * 2 * Math.PI)) /
    (2 * Math.log(rope.base));
  const low = Math.max(0, Math.floor(turnsAt(32))); // faster pairs keep their frequency
  const high = Math.min(rope.width - 1, Math.ceil(turnsAt(1))); // slower ones are interpolated
  const ramp = Math.min(1, Math.max(0, (pair - low) / Math.max(0.001, high - low)));
  return plain / scaling.factor * ramp + plain * (1 - ramp);
}
