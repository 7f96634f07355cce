/** How a request wants its tokens chosen: defaults and bounds. */
import { FlintError } from "../errors.ts";
import type { Sampling } from "../run/api.ts";

/** Lowest and highest of each number, both allowed. */
const RANGES = {
  temperature: [0, 5],
  topK: [0, 1 << 20],
  topP: [0, 1],
  minP: [0, 1],
  repetitionPenalty: [0.1, 10],
  repeatLast: [0, 1 << 16],
  frequencyPenalty: [-2, 2],
  presencePenalty: [-2, 2],
  seed: [0, Number.MAX_SAFE_INTEGER],
} as const;

const INTEGERS: readonly string[] = ["topK", "repeatLast", "seed"];
/** OpenAI's bounds; 100 decides against any logit. */
const BIAS_MAX = 100;
const BIASES_MAX = 1024;

/** What is not asked for; the seed alone is drawn anew each time. */
const DEFAULTS = {
  temperature: 0.7,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  repetitionPenalty: 1,
  repeatLast: 64,
  frequencyPenalty: 0,
  presencePenalty: 0,
};

/** Fills in defaults. Throws FlintError "bad_input" that names the field out of bounds. */
export function settleSampling(wanted: Partial<Sampling>, vocabulary: number): Sampling {
  const sampling: Sampling = {
    ...DEFAULTS,
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
    logitBias: new Map(),
    ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
  };
  for (const [field, [low, high]] of Object.entries(RANGES)) {
    const value = sampling[field as keyof typeof RANGES];
    const whole = INTEGERS.includes(field);
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) continue;
    const kind = whole ? "an integer" : "a number";
    throw new FlintError("bad_input", `${field} is ${value}, not ${kind} from ${low} to ${high}`);
  }
  checkBias(sampling.logitBias, vocabulary);
  return sampling;
}

function checkBias(bias: ReadonlyMap<number, number>, vocabulary: number): void {
  if (bias.size > BIASES_MAX) {
    throw new FlintError("bad_input", `logitBias has ${bias.size} tokens; at most ${BIASES_MAX}`);
  }
  for (const [id, value] of bias) {
    if (!(Number.isInteger(id) && id >= 0 && id < vocabulary)) {
      throw new FlintError("bad_input", `logitBias names token ${id}, not 0 to ${vocabulary - 1}`);
    }
    if (value >= -BIAS_MAX && value <= BIAS_MAX) continue;
    const range = `${-BIAS_MAX} to ${BIAS_MAX}`;
    throw new FlintError("bad_input", `logitBias of token ${id} is ${value}, not ${range}`);
  }
}
