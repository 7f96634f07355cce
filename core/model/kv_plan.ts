/** How large the KV cache is: the part of the memory map that chats grow into. */
import type { Ledger } from "../flash/budget.ts";
import type { ModelSpec } from "../flash/layout.ts";

/** Positions of one KV block: large enough for long copies, small enough to waste little. */
export const BLOCK_TOKENS = 32;
/** Fewest positions that all chats together may hold. */
export const KV_TOKENS_MIN = 1024;
/** Share of the budget that the KV cache takes when weights do not all fit. */
const KV_SHARE = 0.12;

/** Bytes of a position, and of a block. */
export function kvShape(spec: ModelSpec) {
  const tokenBytes = spec.layers * 2 * spec.headsKv * spec.headWidth * 2;
  return { tokenBytes, blockBytes: tokenBytes * BLOCK_TOKENS };
}

/** KV blocks: a share of the budget; when all weights fit, what they leave, up to the context. */
export function kvBlocks(
  spec: ModelSpec,
  options: { readonly kvTokens?: number | undefined },
  ledger: Ledger,
  weightBytes: number,
): number {
  const { tokenBytes, blockBytes } = kvShape(spec);
  const left = ledger.free - weightBytes - 2 * 4096;
  const share = Math.max(KV_TOKENS_MIN, ledger.limit * KV_SHARE / tokenBytes, left / tokenBytes);
  const tokens = options.kvTokens ?? Math.min(share, Math.max(KV_TOKENS_MIN, spec.contextTokens));
  return Math.max(1, Math.floor(tokens * tokenBytes / blockBytes));
}
