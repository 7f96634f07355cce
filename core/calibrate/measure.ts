/** Runs texts through a machine and compares what it says of each next token with another's word. */
import type { Machine, StepToken } from "../model/machine.ts";
import { logSumExp } from "../text/logprobs.ts";

/** Runs each text from its first position; hands out the logits behind each of its tokens, if wanted. */
export async function runTexts(
  machine: Machine,
  texts: readonly (readonly number[])[],
  onLogits?: (row: Float32Array, text: number, position: number) => void,
): Promise<void> {
  const { batchTokens, batchLogits, blockTokens } = machine.limits;
  const chunk = onLogits ? Math.min(batchTokens, batchLogits) : batchTokens;
  for (const [text, tokens] of texts.entries()) {
    const blocks = Int32Array.from({ length: Math.ceil(tokens.length / blockTokens) }, (_, i) => i);
    for (let at = 0; at < tokens.length; at += chunk) {
      const batch = tokens.slice(at, at + chunk).map((token, i): StepToken => (
        { token, position: at + i, blocks, logits: onLogits !== undefined }
      ));
      await machine.step(batch);
      if (onLogits) batch.forEach((_, i) => onLogits(machine.logits(i), text, at + i));
    }
  }
}

/** log softmax of logits, in place of them. */
export function logSoftmax(logits: Float32Array): Float32Array {
  const shift = logSumExp(logits);
  for (let i = 0; i < logits.length; i++) logits[i]! -= shift;
  return logits;
}

/** KL(p || q) in nats of two rows of log probabilities. */
export function divergence(p: Float32Array, q: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i]! > -30) sum += Math.exp(p[i]!) * (p[i]! - q[i]!);
  }
  return Math.max(0, sum);
}
