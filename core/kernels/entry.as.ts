/** What the wasm module exports; compiled by build.ts. */
export { attend, attendPair } from "./attention.as";
export { quantizeNarrow, quantizeWide } from "./activations.as";
export { dequantize } from "./dequantize.as";
export { exponentials } from "./exponential.as";
export { matmul } from "./matmul.as";
export { addColumns, gather } from "./sparse.as";
export { encodeScreen, QUADRUPLE, rotate, screen, screenInput, SECOND, widen } from "./screen.as";
export { add, mark, reluSquared, rmsNorm, rope, swiglu, toF16 } from "./vectors.as";
export {
  FOURS,
  HALF_BIAS,
  HALF_BITS,
  NIBBLES,
  ONES,
  SEVENS,
  SIXES,
  STEPS,
  THREES,
  TOPS,
} from "./lanes.as";
export { SCRATCH } from "./woven.as";
