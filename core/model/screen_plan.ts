/** What screening the output head needs in DRAM: its plane, and buffers for rows read exactly. */
import type { Ledger } from "../flash/budget.ts";
import { bytesOf, PAGE, type Unit } from "../flash/layout.ts";
import { choosePinned } from "../flash/residency.ts";
import { screenInputBytes } from "../kernels/kernels.ts";
import type { Placed } from "./plan.ts";

/** Head rows that may be read at once; where more can win, they come in turns. */
const STAGED_ROWS = 96;

/** Addresses. Shapes: L logit rows; f32 unless said. */
export interface ScreenPlan {
  /** The plane, pinned. */
  readonly units: readonly Placed[];
  readonly center: number; // (width)
  readonly factors: number; // (width) 1 / those of the store
  readonly scratch: number; // (L, 2, width)
  readonly inputs: number; // (L, inputBytes) as kernels.screenInput makes them
  readonly inputBytes: number;
  readonly margins: number; // (L) StepToken.margin
  readonly exact: number; // (L) one row's exact logits
  /** Pages of head rows. */
  readonly staging: { readonly at: number; readonly bytes: number };
}

/** What a screen is made of. */
export interface ScreenNeeds {
  /** The plane. */
  readonly units: readonly Unit[];
  readonly headRowBytes: number;
  readonly logitRows: number;
  /** DRAM for all of it. */
  readonly bytes: number;
}

/** What screening takes; undefined where the store has no plane, or none smaller than the head. */
export function screening(
  units: readonly Unit[],
  head: readonly Unit[],
  logitRows: number,
): ScreenNeeds | undefined {
  if (units.length === 0 || bytesOf(units) >= bytesOf(head)) return undefined;
  const width = units[0]!.parts[0]!.cols, headRowBytes = head[0]!.parts[0]!.rowBytes;
  const buffers = logitRows * (8 * width + screenInputBytes(width) + 8) + 8 * width;
  const bytes = bytesOf(units) + stagingBytes(headRowBytes) + buffers + 8 * PAGE;
  return { units, headRowBytes, logitRows, bytes };
}

function stagingBytes(headRowBytes: number): number {
  return STAGED_ROWS * (Math.ceil(headRowBytes / PAGE) + 1) * PAGE;
}

/** Lays out the screen. */
export function reserveScreen(needs: ScreenNeeds, ledger: Ledger): ScreenPlan {
  const { units, headRowBytes, logitRows } = needs;
  const width = units[0]!.parts[0]!.cols;
  const inputBytes = screenInputBytes(width);
  const bytes = stagingBytes(headRowBytes);
  const reserve = (size: number) => ledger.reserve("screen", size);
  return {
    center: reserve(4 * width),
    factors: reserve(4 * width),
    scratch: reserve(logitRows * 8 * width),
    inputs: reserve(logitRows * inputBytes),
    inputBytes,
    margins: reserve(4 * logitRows),
    exact: reserve(4 * logitRows),
    staging: { at: ledger.reserve("screen", bytes, PAGE), bytes },
    units: units.map((unit) => ({ unit, at: ledger.reserve("pinned", unit.bytes, PAGE) })),
  };
}

/** With a screen few passes read the head: it stays only where all layers do and leave room. */
export function pinLayersFirst(
  layers: readonly Unit[],
  head: readonly Unit[],
  bytes: number,
): Set<number> {
  const pinned = choosePinned(layers, bytes);
  const left = bytes - bytesOf(layers.filter(({ id }) => pinned.has(id)));
  return pinned.size < layers.length ? pinned : pinned.union(choosePinned(head, left));
}
