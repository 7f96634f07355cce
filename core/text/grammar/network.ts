/**
 * A grammar as a recursive transition network over bytes: states, joined by byte ranges, by free
 * edges, and by calls of rules, which are networks of their own.
 */
import { FlintError } from "../../errors.ts";

/** Some 30 MB while a grammar is compiled; a string of maxLength n takes 2 n of them. */
export const STATES_MAX = 100_000;

/** On `low..high` go to state `to`. */
export interface ByteEdge {
  readonly low: number;
  readonly high: number;
  readonly to: number;
}

/** Run a rule, then go on at state `to`. */
export interface CallEdge {
  readonly rule: Rule;
  readonly to: number;
}

/** Where a rule begins and ends. A final state has no edges of its own. */
export interface Rule {
  readonly start: number;
  readonly final: number;
}

const NONE: readonly never[] = [];

/** States are numbers; edges are added while compiling and only read afterwards. */
export class Network {
  readonly #bytes: (ByteEdge[] | undefined)[] = [];
  readonly #free: (number[] | undefined)[] = [];
  readonly #calls: (CallEdge[] | undefined)[] = [];
  readonly #final = new Set<number>();

  get size(): number {
    return this.#bytes.length;
  }

  /** A new state. Throws FlintError "bad_input" when there are too many. */
  state(): number {
    if (this.size >= STATES_MAX) {
      throw new FlintError(
        "bad_input",
        `jsonSchema needs more than ${STATES_MAX} states: lower its lengths, counts or patterns`,
      );
    }
    this.#free.push(undefined);
    this.#calls.push(undefined);
    return this.#bytes.push(undefined) - 1;
  }

  /** A rule still without a body. */
  rule(): Rule {
    const rule = { start: this.state(), final: this.state() };
    this.#final.add(rule.final);
    return rule;
  }

  byte(from: number, low: number, high: number, to: number): void {
    (this.#bytes[from] ??= []).push({ low, high, to });
  }

  free(from: number, to: number): void {
    (this.#free[from] ??= []).push(to);
  }

  call(from: number, rule: Rule, to: number): void {
    (this.#calls[from] ??= []).push({ rule, to });
  }

  bytesOf(state: number): readonly ByteEdge[] {
    return this.#bytes[state] ?? NONE;
  }

  freeOf(state: number): readonly number[] {
    return this.#free[state] ?? NONE;
  }

  callsOf(state: number): readonly CallEdge[] {
    return this.#calls[state] ?? NONE;
  }

  isFinal(state: number): boolean {
    return this.#final.has(state);
  }

  /** Removes edges into states from which no final state is reached; false if `root` is one. */
  prune(root: Rule): boolean {
    const live = this.#liveStates();
    for (let state = 0; state < this.size; state++) {
      this.#bytes[state] = this.#bytes[state]?.filter(({ to }) => live[to] === 1);
      this.#free[state] = this.#free[state]?.filter((to) => live[to] === 1);
      this.#calls[state] = this.#calls[state]?.filter((edge) => passes(edge, live));
    }
    return live[root.start] === 1;
  }

  #liveStates(): Uint8Array {
    const live = new Uint8Array(this.size);
    for (const state of this.#final) live[state] = 1;
    // Edges mostly lead to later states, so a pass from the back finds nearly all at once.
    for (let changed = true; changed;) {
      changed = false;
      for (let state = this.size - 1; state >= 0; state--) {
        if (live[state] === 1 || !this.#leadsOn(state, live)) continue;
        live[state] = 1;
        changed = true;
      }
    }
    return live;
  }

  #leadsOn(state: number, live: Uint8Array): boolean {
    return this.bytesOf(state).some(({ to }) => live[to] === 1) ||
      this.freeOf(state).some((to) => live[to] === 1) ||
      this.callsOf(state).some((edge) => passes(edge, live));
  }
}

function passes({ rule, to }: CallEdge, live: Uint8Array): boolean {
  return live[rule.start] === 1 && live[to] === 1;
}

/** A piece of grammar: adds itself behind a state and returns the state behind it. */
export type Part = (network: Network, from: number) => number;

/** One piece after the other. */
export function sequence(...parts: readonly Part[]): Part {
  return (network, from) => parts.reduce((state, part) => part(network, state), from);
}

/** Any one of the pieces. */
export function choice(...parts: readonly Part[]): Part {
  return (network, from) => {
    const end = network.state();
    for (const part of parts) network.free(part(network, from), end);
    return end;
  };
}

/** The piece or nothing. */
export function optional(part: Part): Part {
  return (network, from) => {
    const end = part(network, from);
    network.free(from, end);
    return end;
  };
}

/** The piece `min` to `max` times, `max` may be Infinity; it is copied that often. */
export function repeat(part: Part, min: number, max: number): Part {
  return (network, from) => {
    for (let i = 0; i < min; i++) from = part(network, from);
    const end = network.state();
    if (max === Infinity) {
      const loop = network.state();
      network.free(from, loop);
      network.free(part(network, loop), loop);
      network.free(loop, end);
      return end;
    }
    for (let i = min; i < max; i++) {
      network.free(from, end);
      from = part(network, from);
    }
    network.free(from, end);
    return end;
  };
}

/** Exactly this text, in UTF-8. */
export function literal(text: string): Part {
  const bytes = new TextEncoder().encode(text);
  return (network, from) => {
    for (const byte of bytes) {
      const to = network.state();
      network.byte(from, byte, byte, to);
      from = to;
    }
    return from;
  };
}

/** A run of a rule. */
export function run(rule: Rule): Part {
  return (network, from) => {
    const to = network.state();
    network.call(from, rule, to);
    return to;
  };
}

/** The piece as a rule, so that its copies share its states. */
export function shared(part: Part): Part {
  const rules = new WeakMap<Network, Rule>();
  return (network, from) => {
    let rule = rules.get(network);
    if (rule === undefined) {
      rule = network.rule();
      rules.set(network, rule);
      network.free(part(network, rule.start), rule.final);
    }
    return run(rule)(network, from);
  };
}
