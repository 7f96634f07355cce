/** Which units stay in DRAM. Pure. */
import { PAGE, type Unit } from "./layout.ts";

/**
 * Chooses the pinned units for `bytes` of DRAM. A dense pass visits every unit once for each token,
 * a cyclic scan, on which LRU keeps nothing that will be used and any fixed set is optimal (Belady
 * 1966): so the choice is only about *where* the streamed ones lie. They are spread evenly over the
 * visit order, so that reading and computing overlap all along a pass.
 * @param visited units in visit order
 */
export function choosePinned(visited: readonly Unit[], bytes: number): Set<number> {
  const total = visited.reduce((sum, unit) => sum + unit.bytes, 0);
  if (total <= bytes) return new Set(visited.map((unit) => unit.id));
  const pinned = new Set<number>();
  let used = 0, seen = 0;
  for (const unit of visited) {
    seen += unit.bytes;
    const due = bytes * (seen / total);
    if (used + unit.bytes > due + unit.bytes / 2 || used + unit.bytes > bytes) continue;
    pinned.add(unit.id);
    used += unit.bytes;
  }
  return pinned;
}

/** Where units lie that borrow the KV cache's room, from its end down; spread over the visit order. */
export function placeLoans(
  streamed: readonly Unit[],
  kv: { readonly at: number; readonly bytes: number },
): { readonly unit: Unit; readonly at: number }[] {
  const loans: { unit: Unit; at: number }[] = [];
  let end = Math.floor((kv.at + kv.bytes) / PAGE) * PAGE;
  const spread = (i: number) => (i * 0.618034) % 1; // multiples of the golden ratio lie evenly
  for (const i of streamed.map((_, i) => i).sort((a, b) => spread(a) - spread(b))) {
    end -= streamed[i]!.bytes;
    if (end < kv.at) break;
    loans.push({ unit: streamed[i]!, at: end });
  }
  return loans;
}
