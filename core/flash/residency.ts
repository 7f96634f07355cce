/** Which units stay in DRAM. Pure. */
import type { Unit } from "./layout.ts";

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
