/** What Flint is compared with, on Flint's own kernels: how each of them keeps and reads weights. */
import type { Baseline } from "../../core/model/plan.ts";
import type { FlashStore, Unit } from "../../core/flash/layout.ts";
import type { Streaming } from "./protocol.ts";

/** A way of reading a pass, as baseline_reader.ts is told it. */
export interface ReadingPlan {
  /** Layers read ahead of the one that is computed: none, or the next. */
  readonly ahead: 0 | 1;
  /** Past the page cache, or through it. */
  readonly direct: boolean;
  /** Extents [offset, bytes] read at the start of each pass though nobody waits for them. */
  readonly also: readonly (readonly [offset: number, bytes: number])[];
}

const bytesOf = (units: readonly Unit[]) => units.reduce((sum, unit) => sum + unit.bytes, 0);

/**
 * naive: the paper's first baseline (Alizadeh et al., arXiv 2312.11514): nothing stays, every weight
 * is read for each pass, the embedding too. hybrid: its second, as much as fits stays. layers: as
 * AirLLM does it, one layer after the other, the next one read meanwhile through the page cache.
 */
export function baselineOf(streaming: Exclude<Streaming, "flint">, store: FlashStore): Baseline {
  const layers = Map.groupBy(store.units, (unit) => unit.layer);
  layers.delete(-1); // embedding and head
  const largest = Math.max(...store.units.map((unit) => unit.bytes));
  const layerBytes = Math.max(...[...layers.values()].map(bytesOf)) + largest;
  const hybrid = streaming === "hybrid", ahead = streaming === "layers" ? 1 : 0;
  const embedding = store.units.filter(({ parts }) => parts[0]!.matrix === "embedding");
  const plan: ReadingPlan = {
    ahead,
    direct: streaming !== "layers",
    also: hybrid || store.card.spec.tied ? [] : embedding.map((u) => [u.offset, u.bytes]),
  };
  const reader = new URL("./baseline_reader.ts", import.meta.url);
  reader.search = new URLSearchParams({ plan: JSON.stringify(plan) }).toString();
  return { reader, ringBytes: layerBytes * (1 + ahead), pinnedBytes: hybrid ? Infinity : 0 };
}
