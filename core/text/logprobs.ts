/** Log probabilities as OpenAI reports them: of the model's own logits, before bias and sampling. */
import { FlintError } from "../errors.ts";
import type { TokenLogprob } from "../run/api.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** OpenAI's limit on alternatives. */
export const LOGPROBS_MAX = 20;

/** Throws FlintError "bad_input" unless `count` is an integer from 0 to LOGPROBS_MAX. */
export function checkLogprobs(count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= LOGPROBS_MAX) return;
  throw new FlintError("bad_input", `logprobs is ${count}, not an integer 0 to ${LOGPROBS_MAX}`);
}

/** The chosen token's log probability and those of the `count` likeliest, the likeliest first. */
export function tokenLogprobs(
  logits: Float32Array,
  chosen: number,
  count: number,
  vocabulary: Vocabulary,
): { chosen: TokenLogprob; top: TokenLogprob[] } {
  const logSum = logSumExp(logits);
  const describe = (id: number): TokenLogprob => {
    const bytes = vocabulary.tokenBytes(id).slice();
    return { id, text: new TextDecoder().decode(bytes), bytes, logprob: logits[id]! - logSum };
  };
  return { chosen: describe(chosen), top: likeliest(logits, count).map(describe) };
}

/** log of the sum of exp(logit): what turns logits to log probabilities. */
export function logSumExp(logits: Float32Array): number {
  let highest = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > highest) highest = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - highest);
  return highest + Math.log(sum);
}

/** Ids of the `count` highest logits, the lowest id first among equals. */
function likeliest(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  let floor = -Infinity;
  for (let id = 0; id < logits.length && count > 0; id++) {
    const logit = logits[id]!;
    if (logit <= floor) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logit) at--;
    best.splice(at, 0, id);
    if (best.length > count) best.pop();
    if (best.length === count) floor = logits[best[count - 1]!]!;
  }
  return best;
}
