/** The fields every OpenAI answer begins with, and the frame every stream ends with. */
import type { Engine } from "@flint/core";
import type { Frame } from "../events.ts";

/** Identity of one answer; the same in all its chunks. */
export interface AnswerHead {
  readonly id: string;
  /** Unix time, seconds. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

/** Heads a new answer. */
export function headOf(prefix: "chatcmpl" | "cmpl", model: string, engine: Engine): AnswerHead {
  return {
    id: `${prefix}-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: fingerprintOf(engine),
  };
}

/** Same fingerprint, seed and request: same text. The weights that answer decide that. */
function fingerprintOf({ card, fidelity, choice }: Engine): string {
  const weights = choice === undefined ? fidelity : `${fidelity}_${choice.key}`;
  return `fp_${card.sourceSha256.slice(0, 12)}_${weights}`;
}

/** OpenAI's own end of stream; the only `data` that is not JSON. */
export const DONE: Frame = { data: "[DONE]" };
