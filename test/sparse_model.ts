/**
 * A seeded squared-ReLU model of any size, written in seconds, whose sparsity is set by
 * construction: how many neurons a token uses, and how many of them its neighbours use too. It
 * says nothing sensible; it stands in for models that were trained to have zeros (LLM in a flash,
 * arXiv 2312.11514: OPT uses 3 %, and a window of 5 tokens brings fresh reads from 10 % of the FFN
 * to 2.4 %).
 *
 * A neuron's up row is noise but for its answer to the embeddings' constant, a negative one: a bias.
 * What lies above it is normal, so the bias decides how rare the neuron is, and the topic's share how
 * neighbours agree.
 */
import { largeMetadata, largeTensors, type Noise, noisy, writeLargeModel } from "./large_model.ts";

/** What to build; the FFN takes layers * neurons * width * 4 bytes. */
export interface SparseModelOptions {
  readonly layers: number;
  readonly width: number;
  readonly neurons: number;
  /** Share of the neurons that a token uses. */
  readonly active: number;
  /** Share of what varies between embeddings that is common to a topic. */
  readonly topicShare: number;
  readonly seed?: number;
}

/** Share of an embedding's energy in the constant. */
const CONSTANT_SHARE = 0.2;
/** Spread of the biases: some neurons are hot, most are rare. */
const BIAS_SPREAD = 0.5;
/** What a layer adds is small beside x, so that deep layers see the topics too. */
const OUTPUT_SCALE = 0.008;

/** Writes the model to a file; returns its path. */
export function writeSparseModel(path: string, options: SparseModelOptions): string {
  const { width, neurons, topicShare } = options;
  const shape = { ...options, name: "Sparse", architecture: "arcee" } as const;
  const up = noisy("", width, neurons, 1 / Math.sqrt(width));
  const tensors = largeTensors(
    { ...shape, constantShare: CONSTANT_SHARE, topicShare },
    (at) => [
      { ...up, name: `${at}.ffn_up.weight`, fill: (noise) => fillUp(noise, options) },
      noisy(`${at}.ffn_down`, neurons, width, OUTPUT_SCALE),
    ],
  );
  return writeLargeModel(path, largeMetadata(shape), tensors, options.seed);
}

/** Rows of variance 1 / width, with a bias by way of the constant. */
function fillUp(noise: Noise, { width, neurons, active }: SparseModelOptions) {
  const values = noise.fill(new Float16Array(width * neurons), 1 / Math.sqrt(width));
  const spread = Math.sqrt(1 - CONSTANT_SHARE);
  const mean = upperQuantile(active) * Math.sqrt(1 + BIAS_SPREAD ** 2);
  const constant = Math.sqrt(CONSTANT_SHARE * width);
  for (let at = 0; at < values.length; at += width) {
    values[at] = -spread * (mean + BIAS_SPREAD * noise.next()) / constant;
  }
  return values;
}

/** z with a share `above` of the normal distribution above it (bisection of its tail integral). */
function upperQuantile(above: number): number {
  const tail = (z: number) => {
    let sum = 0;
    for (let x = z; x < 8; x += 0.001) sum += Math.exp(-x * x / 2) * 0.001;
    return sum / Math.sqrt(2 * Math.PI);
  };
  let low = 0, high = 5;
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (tail(middle) > above) low = middle;
    else high = middle;
  }
  return low;
}
