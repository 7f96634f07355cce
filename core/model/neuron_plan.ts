/** The part of the memory map for FFNs whose neurons are read one by one. */
import { Arena, type Eviction } from "../flash/arena.ts";
import type { Ledger } from "../flash/budget.ts";
import { type ModelSpec, PAGE, type Unit } from "../flash/layout.ts";

/** A window holds at least so many slots. */
const SLOTS_MIN = 16;
/** Of the DRAM left for weights, what windows take at least where not all else fits beside them. */
const WINDOW_SHARE = 0.25;
/** Words of `state`: what the thread that plans a round tells the others. */
export const STATE_WORDS = 16;

/** Where a layer's window lies. */
export interface LayerWindow {
  /** Address of slot 0. */
  readonly at: number;
  /** Address of the arena's state. */
  readonly arena: number;
  /** All but the last hold as many neurons as the first. */
  readonly units: readonly Unit[];
}

/** Addresses and sizes. Shapes: B batch tokens, N neurons of a layer; i32 unless said. */
export interface NeuronPlan {
  readonly eviction: Eviction;
  /** Neurons of one slot, its bytes, and those of one neuron. */
  readonly slotNeurons: number;
  readonly slotBytes: number;
  readonly stride: number;
  /** Slots of each layer's window. */
  slots: number;
  readonly layers: readonly { -readonly [Key in keyof LayerWindow]: LayerWindow[Key] }[];
  readonly state: number; // (STATE_WORDS)
  readonly candidates: number; // (B, N / 32) bits: may do something for a token
  readonly union: number; // (N) neurons of the pass, rising
  readonly places: number; // (N) where in a round's lists a neuron stands
  readonly addresses: number; // (N) a round's neurons: what is here, then what is being read
  readonly reads: number; // (N) the demanded read that brings each
  readonly dots: number; // (B, N) f32: sketch . x, then up . x of a round's neurons
  readonly columns: number; // (B, N) addresses of a token's active neurons, rising
  readonly shares: number; // (B, N) f32: their activations
  readonly counts: number; // (B) how many they are
}

/** Reserves all but the slots; undefined where the model has no such units. */
export function reserveNeurons(
  { neurons }: ModelSpec,
  layers: readonly (readonly Unit[])[],
  { batch, eviction = "lfu" }: { batch: number; eviction?: Eviction | undefined },
  ledger: Ledger,
): NeuronPlan | undefined {
  const part = layers[0]?.[0]?.parts[0];
  if (!part) return undefined;
  const words = (name: string, ...shape: number[]) =>
    ledger.reserve(name, shape.reduce((a, b) => a * b, 4));
  const stride = part.rowBytes, slotNeurons = Math.max(1, PAGE / stride);
  const items = Math.ceil(neurons / slotNeurons);
  return {
    eviction,
    slotNeurons,
    slotBytes: slotNeurons * stride,
    stride,
    slots: 0,
    layers: layers.map((units) => (
      { at: 0, arena: ledger.reserve("arena", Arena.bytes(items)), units }
    )),
    state: words("neuronState", STATE_WORDS),
    candidates: words("candidates", batch, neurons / 32),
    union: words("union", neurons),
    places: words("places", neurons),
    addresses: words("addresses", neurons),
    reads: words("reads", neurons),
    dots: words("dots", batch, neurons),
    columns: words("columns", batch, neurons),
    shares: words("shares", batch, neurons),
    counts: words("counts", batch),
  };
}

const slotBytesOf = (units: readonly Unit[]) => Math.max(PAGE, units[0]!.parts[0]!.rowBytes);
/** Bytes of a layer's neurons once they lie in slots. */
const wholeBytes = (units: readonly Unit[]) =>
  units.reduce((sum, { bytes }) => sum + bytes - PAGE, 0);

/** Bytes of the smallest windows. */
export function fewestSlotBytes(layers: readonly (readonly Unit[])[]): number {
  if (!layers[0]?.[0]) return 0;
  return layers.reduce((sum, units) => sum + SLOTS_MIN * slotBytesOf(units), PAGE);
}

/**
 * Gives the windows all that the other weights leave, and at least a share; where those do not all
 * fit, `ring` bytes stay free for streaming them. Returns the bytes taken.
 */
export function placeWindows(
  plan: NeuronPlan | undefined,
  { weights, ring }: { readonly weights: number; readonly ring: number },
  ledger: Ledger,
): number {
  if (!plan) return 0;
  const layers = plan.layers.map(({ units }) => units);
  const share = Math.min(ledger.free * WINDOW_SHARE, ledger.free - ring - 4 * PAGE);
  const most = Math.max(share, fewestSlotBytes(layers), ledger.free - weights - 4 * PAGE);
  const whole = Math.max(...layers.map(wholeBytes));
  plan.slots = Math.floor(Math.min(most / layers.length, whole) / plan.slotBytes);
  for (const layer of plan.layers) {
    layer.at = ledger.reserve("window", plan.slots * plan.slotBytes, PAGE);
  }
  return layers.length * plan.slots * plan.slotBytes;
}
