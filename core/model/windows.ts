/** A thread's view of the windows of neurons, and the bookkeeping of whoever plans a round. */
import { Arena } from "../flash/arena.ts";
import { Demand } from "../flash/demand.ts";
import { PAGE, UNIT_BYTES_MAX } from "../flash/layout.ts";
import { type Control, Counter } from "./control.ts";
import type { Plan } from "./plan.ts";
import { type NeuronPlan, STATE_WORDS } from "./neuron_plan.ts";

/** Words of a plan's state: neurons of the pass, first and end of the round, those of it in DRAM. */
export const State = { union: 0, first: 1, end: 2, hits: 3 } as const;

/** A thread's view of the windows. */
export class Windows {
  readonly plan: NeuronPlan;
  readonly control: Control;
  readonly demand: Demand;
  readonly arenas: readonly Arena[];
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly floats: Float32Array;
  /** See State. */
  readonly state: Int32Array;
  /** (items) scratch: slots' worth of neurons wanted in a round. */
  readonly wanted: Int32Array;

  constructor(plan: NeuronPlan, control: Control, buffer: ArrayBufferLike, neurons: number) {
    const items = Math.ceil(neurons / plan.slotNeurons);
    const { slots, eviction } = plan;
    this.plan = plan;
    this.control = control;
    this.demand = new Demand(control);
    this.arenas = plan.layers.map(({ arena }) =>
      new Arena(buffer, arena, { items, slots, eviction })
    );
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.state = new Int32Array(buffer, plan.state, STATE_WORDS);
    this.wanted = new Int32Array(items);
  }
}

/** Seeds each layer's window from how much its neurons are used, (layers, neurons). Between steps. */
export function seedWindows(
  { neurons: plan, spec }: Plan,
  { buffer }: WebAssembly.Memory,
  profile: Uint8Array,
): void {
  if (!plan) return;
  const items = Math.ceil(spec.neurons / plan.slotNeurons);
  const { slots, eviction } = plan;
  plan.layers.forEach(({ arena }, layer) => {
    const uses = new Float32Array(items);
    for (let n = 0; n < spec.neurons; n++) {
      uses[Math.floor(n / plan.slotNeurons)]! += profile[layer * spec.neurons + n]!;
    }
    new Arena(buffer, arena, { items, slots, eviction }).seed(uses);
  });
}

/** Takes as many of the next neurons as fit the window, and demands those that are not in it. */
export function planRound(windows: Windows, layer: number): void {
  const { plan, words, state, wanted, bytes } = windows;
  const arena = windows.arenas[layer]!, union = plan.union / 4;
  const first = state[State.end]!;
  let end = first, count = 0, last = -1;
  for (; end < state[State.union]!; end++) {
    const item = Math.floor(words[union + end]! / plan.slotNeurons);
    if (item === last) continue;
    if (count === arena.slots) break;
    wanted[count++] = last = item;
  }
  const { at } = plan.layers[layer]!, { slotBytes } = plan;
  const items = wanted.subarray(0, count);
  const fresh = arena.admit(items, (from, to) => {
    bytes.copyWithin(at + to * slotBytes, at + from * slotBytes, at + (from + 1) * slotBytes);
  });
  state[State.first] = first;
  state[State.end] = end;
  windows.control.counters[Counter.windowBytesUsed]! += count * slotBytes;
  list(windows, layer, fresh);
  demand(windows, layer, items, fresh);
}

/** Lists a round's neurons: first what lies in the window, then what is on its way. */
function list({ plan, words, state, arenas }: Windows, layer: number, fresh: number): void {
  const { at } = plan.layers[layer]!;
  let place = 0;
  for (const here of [true, false]) {
    for (let i = state[State.first]!; i < state[State.end]!; i++) {
      const neuron = words[plan.union / 4 + i]!;
      const slot = arenas[layer]!.slotOf(Math.floor(neuron / plan.slotNeurons));
      if (slot < fresh !== here) continue;
      words[plan.places / 4 + i] = place;
      words[plan.addresses / 4 + place++] = at + slot * plan.slotBytes +
        neuron % plan.slotNeurons * plan.stride;
    }
    if (here) state[State.hits] = place;
  }
}

/** Posts the reads of slots from `fresh` on, neighbours in one, and notes which brings whom. */
function demand(windows: Windows, layer: number, items: Int32Array, fresh: number): void {
  const { plan, words, state, arenas } = windows;
  const { at, units } = plan.layers[layer]!;
  const unitItems = units[0]!.neurons / plan.slotNeurons;
  const longest = Math.floor(UNIT_BYTES_MAX / plan.slotBytes);
  const missing = items.filter((item) => arenas[layer]!.slotOf(item) >= fresh);
  const reads = new Int32Array(missing.length);
  for (let i = 0; i < missing.length;) {
    const item = missing[i]!, unit = Math.floor(item / unitItems);
    let run = 1;
    while (
      run < longest && missing[i + run] === item + run &&
      Math.floor((item + run) / unitItems) === unit
    ) run++;
    const offset = units[unit]!.offset + PAGE + (item - unit * unitItems) * plan.slotBytes;
    const read = windows.demand.post(
      offset,
      run * plan.slotBytes,
      at + (fresh + i) * plan.slotBytes,
    );
    reads.fill(read, i, i += run);
  }
  for (let i = state[State.first]!, m = 0; i < state[State.end]!; i++) {
    const place = words[plan.places / 4 + i]!;
    if (place < state[State.hits]!) continue;
    const item = Math.floor(words[plan.union / 4 + i]! / plan.slotNeurons);
    while (missing[m]! < item) m++;
    words[plan.reads / 4 + place] = reads[m]!;
  }
}
