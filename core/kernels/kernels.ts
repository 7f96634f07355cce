/**
 * The typed face of the wasm kernels. All pointers are byte offsets into the one shared memory;
 * all strides are bytes. Kernels never allocate. core/kernels/reference.ts is the slow twin.
 */

/**
 * Which form of activations a weight type is multiplied with:
 *   "q8x256" int8 with one f32 scale for 256 values (Q2_K..Q6_K)
 *   "q8x32"  int8 with one f32 scale for 32 values (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0)
 *   "f32"    plain (F32, F16, BF16)
 */
export type ActivationForm = "q8x256" | "q8x32" | "f32";

/** What a thread calls; one instance for each thread on one shared memory. */
export interface Kernels {
  /**
   * out[t][r] (+)= dot(w[r], x[t]) for r in 0..rows, t in 0..tokens.
   * @param type  TensorType of w; picks the activation form x must have
   * @param w     rows of blocks, rowBytes apart (not necessarily aligned to 16)
   * @param x     activation rows in the form of `type`, xStride apart, 16-byte aligned
   * @param out   f32, outStride bytes between tokens
   */
  matmul(
    type: number,
    w: number,
    rowBytes: number,
    rows: number,
    cols: number,
    x: number,
    xStride: number,
    tokens: number,
    out: number,
    outStride: number,
    accumulate: boolean,
  ): void;
  /** f32 (cols) -> one activation row of the given form ("q8x256" needs cols % 256 == 0, "q8x32" % 32). */
  quantize(form: "q8x256" | "q8x32", x: number, cols: number, out: number): void;
  /** out = x / sqrt(mean(x^2) + eps) * weight; (cols) f32 each */
  rmsNorm(x: number, weight: number, cols: number, eps: number, out: number): void;
  /** x += y; (n) f32 */
  add(x: number, y: number, n: number): void;
  /** gate = silu(gate) * up; (n) f32 */
  swiglu(gate: number, up: number, n: number): void;
  /**
   * Rotates `heads` heads of one token in place. `table`: (rotated/2) pairs cos, sin as f32.
   * pairing 0 = adjacent (0,1),(2,3)..; 1 = halves (0,n/2),(1,n/2+1)..
   */
  rope(
    x: number,
    heads: number,
    headWidth: number,
    rotated: number,
    table: number,
    pairing: number,
  ): void;
  /** f32 (n) -> f16 (n), round to nearest even. */
  toF16(x: number, n: number, out: number): void;
  /**
   * Attention of one query head over positions 0..length-1, causal mask implied by length.
   * KV lies in blocks: the K rows of block b for this layer and kv head begin at
   * kBase + blocks[b] * blockBytes, V likewise at vBase; consecutive positions are rowBytes apart.
   * Streaming softmax (flash attention) in f32: no score buffer.
   * @param q       (headWidth) f32
   * @param blocks  i32 block indices
   * @param out     (headWidth) f32
   */
  attend(
    q: number,
    headWidth: number,
    scale: number,
    length: number,
    kBase: number,
    vBase: number,
    blocks: number,
    blockBytes: number,
    blockTokens: number,
    rowBytes: number,
    out: number,
  ): void;
  /** Decodes one row of any supported type to f32 (cols): embedding lookup. */
  dequantize(type: number, w: number, cols: number, out: number): void;
}
