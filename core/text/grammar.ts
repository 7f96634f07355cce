/**
 * Grammar-constrained decoding: which tokens may come next so that the whole answer is JSON of a
 * schema. The network's states are followed as sets with their return addresses, each set is made
 * once and remembers where every byte leads (as a lazy automaton) and which tokens it allows.
 *
 * Our own: @mlc-ai/web-xgrammar 0.1.27 (the only such library on npm) does not load under Deno
 * without fake globals, spends 9 s on compiling a small schema for Qwen's vocabulary, on the one
 * thread there is, and ignores schema keywords it does not know (measured, read).
 */
import { assert, FlintError } from "../errors.ts";
import type { JsonObject } from "./grammar/keywords.ts";
import { type ByteGrammar, compileSchema } from "./grammar/schema.ts";
import { type Network, STATES_MAX } from "./grammar/network.ts";
import { PLAIN, utf8Ranges } from "./grammar/characters.ts";
import { type SortedVocabulary, sortVocabulary, type TokenOrder } from "./grammar/token_order.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Sets of states kept; some 500 bytes each. Beyond, all are made anew. */
const PLACES_MAX = 20_000;
/** Masks kept: 19 KB each for 151,936 tokens. */
const MASKS_MAX = 256;
/** States at once: more means that alternatives double with every level of nesting. */
const POSITIONS_MAX = 10_000;
/** States visited for one mask; 2,000 are common, (a|b)*a.{20} has 2^20 places to go. */
const VISITS_MAX = 200_000;

/**
 * Throws FlintError "bad_input" that names the JSON pointer of what the schema cannot ask for.
 * `{type: "object"}` is any JSON object.
 */
export function compileGrammar(schema: JsonObject, vocabulary: Vocabulary): Grammar {
  return new Grammar(compileSchema(schema), vocabulary);
}

/** Throws as compileGrammar does, where no vocabulary is at hand yet. */
export function checkSchema(schema: JsonObject): void {
  compileSchema(schema);
}

/** A return address: where to go on when the rule that is run ends, and so forth. */
interface Frame {
  readonly id: number;
  readonly to: number;
  readonly parent: Frame | undefined;
  readonly children: Map<number, Frame>;
}

/** A set of states with their frames; where the text stands in the grammar. */
interface Place {
  readonly states: readonly number[];
  readonly frames: readonly Frame[];
  /** The text may end here. */
  readonly complete: boolean;
  /** By class of byte: undefined not followed yet, null leads nowhere. */
  readonly next: (Place | null | undefined)[];
  mask: Uint32Array | undefined;
  /** Where any plain character of a string leads; null if they part; undefined not known yet. */
  afterPlain: Place | null | undefined;
}

/** A compiled schema for one vocabulary; many answers may follow it. */
export class Grammar {
  readonly vocabulary: Vocabulary;
  readonly #network: Network;
  readonly #root: ByteGrammar["root"];
  readonly #tokens: SortedVocabulary;
  /** Bytes that no edge tells apart have one class. */
  readonly #classOfByte: Uint8Array;
  readonly #classes: number;
  /** Plain characters of a string as byte sequences, by one byte of each class. */
  readonly #plainBytes: readonly (readonly (readonly number[])[])[];
  readonly #bottom: Frame = { id: 0, to: -1, parent: undefined, children: new Map() };
  #frames = 1;
  /** States visited since the last mask. */
  #visits = 0;
  readonly #places = new Map<string, Place>();
  #masked: Place[] = [];

  constructor({ network, root }: ByteGrammar, vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    this.#network = network;
    this.#root = root;
    this.#tokens = sortVocabulary(vocabulary);
    this.#classOfByte = byteClasses(network);
    this.#classes = this.#classOfByte[255]! + 1;
    this.#plainBytes = utf8Ranges(PLAIN).map((ranges) =>
      ranges.map(([low, high]) => oneOfEachClass(this.#classOfByte, low, high))
    );
  }

  /** The beginning of an answer. */
  start(): GrammarState {
    return new GrammarState(this, this.#place([this.#root.start], [this.#bottom])!);
  }

  /** Where a byte leads; null if it is not allowed. */
  step(place: Place, byte: number): Place | null {
    const kind = this.#classOfByte[byte]!;
    const known = place.next[kind];
    return known === undefined ? place.next[kind] = this.#follow(place, byte) : known;
  }

  /** One bit for each token that may come; end tokens only where the text is complete. */
  mask(place: Place): Uint32Array {
    if (place.mask) return place.mask;
    if (this.#masked.length >= MASKS_MAX) {
      for (const old of this.#masked) old.mask = undefined;
      this.#masked = [];
    }
    this.#masked.push(place);
    this.#visits = 0;
    return place.mask = this.#walk(place);
  }

  #walk(place: Place): Uint32Array {
    const mask = new Uint32Array(Math.ceil(this.vocabulary.size / 32));
    const { all, others, plainCharactersMax } = this.#tokens;
    const room = this.#plainRoom(place, plainCharactersMax);
    if (room > 0) this.#allowPlain(mask, room);
    this.#allowFollowed(mask, place, room > 0 ? others : all);
    if (place.complete) this.vocabulary.ends.forEach((id) => allowToken(mask, id));
    if (mask.every((word) => word === 0)) {
      throw new FlintError(
        "bad_input",
        "jsonSchema asks for text that no token of the model spells",
      );
    }
    return mask;
  }

  /** Within a string: all plain tokens of at most `room` characters, without following them. */
  #allowPlain(mask: Uint32Array, room: number): void {
    const { plainCharacters } = this.#tokens;
    for (let id = 0; id < plainCharacters.length; id++) {
      const count = plainCharacters[id]!;
      if (count > 0 && count <= room) allowToken(mask, id);
    }
  }

  /** Follows tokens in order of their bytes, so that a common beginning is followed once. */
  #allowFollowed(mask: Uint32Array, place: Place, { ids, shared, bytesMax }: TokenOrder): void {
    const { bytes, starts } = this.vocabulary;
    const path: Place[] = new Array(bytesMax + 1);
    path[0] = place;
    let alive = 0; // bytes of the last token that were allowed
    for (let i = 0; i < ids.length; i++) {
      if (shared[i]! > alive) continue;
      const id = ids[i]!, start = starts[id]!, length = starts[id + 1]! - start;
      for (alive = shared[i]!; alive < length; alive++) {
        const next = this.step(path[alive]!, bytes[start + alive]!);
        if (next === null) break;
        path[alive + 1] = next;
      }
      if (alive === length) allowToken(mask, id);
    }
  }

  /** How many plain characters of a string may follow, whichever they are; at most `most`. */
  #plainRoom(place: Place, most: number): number {
    let room = 0;
    for (let at: Place | null = place; room < most; room++) {
      const next: Place | null = this.#afterPlain(at);
      if (next === null) return room;
      if (next === at) return most;
      at = next;
    }
    return room;
  }

  #afterPlain(place: Place): Place | null {
    if (place.afterPlain !== undefined) return place.afterPlain;
    let common: Place | null | undefined;
    for (const sequence of this.#plainBytes) {
      for (const end of this.#ends(place, sequence)) {
        if (end === null || (common !== undefined && end !== common)) {
          return place.afterPlain = null;
        }
        common = end;
      }
    }
    return place.afterPlain = common ?? null;
  }

  /** Where the byte sequences lead, by one byte of each class. */
  *#ends(place: Place, [kinds, ...rest]: readonly (readonly number[])[]): Generator<Place | null> {
    if (kinds === undefined) return yield place;
    for (const byte of kinds) {
      const next = this.step(place, byte);
      if (next === null) return yield null;
      yield* this.#ends(next, rest);
    }
  }

  #follow({ states, frames }: Place, byte: number): Place | null {
    const toStates: number[] = [], toFrames: Frame[] = [];
    states.forEach((state, i) => {
      for (const { low, high, to } of this.#network.bytesOf(state)) {
        if (byte < low || byte > high) continue;
        toStates.push(to);
        toFrames.push(frames[i]!);
      }
    });
    return this.#place(toStates, toFrames);
  }

  /** The place of these states and all that are free from them; null if there are none. */
  #place(states: readonly number[], frames: readonly Frame[]): Place | null {
    const found = this.#closure(states, frames);
    if (found.states.length === 0 && !found.complete) return null;
    const positions = found.states.map((state, i) => positionKey(state, found.frames[i]!));
    const key = `${found.complete} ${positions.sort((a, b) => a - b).join()}`;
    const known = this.#places.get(key);
    if (known) return known;
    if (this.#places.size >= PLACES_MAX) {
      this.#places.clear();
      this.#bottom.children.clear();
    }
    const place = {
      ...found,
      next: new Array(this.#classes),
      mask: undefined,
      afterPlain: undefined,
    };
    this.#places.set(key, place);
    return place;
  }

  #closure(starts: readonly number[], startFrames: readonly Frame[]) {
    const states = [...starts], frames = [...startFrames];
    const seen = new Set<number>();
    const kept: { states: number[]; frames: Frame[] } = { states: [], frames: [] };
    let complete = false;
    for (let state = states.pop(); state !== undefined; state = states.pop()) {
      const frame = frames.pop()!;
      const key = positionKey(state, frame);
      if (seen.has(key)) continue;
      if (seen.size >= POSITIONS_MAX) {
        throw new FlintError("bad_input", "jsonSchema has too many alternatives that begin alike");
      }
      seen.add(key);
      if (this.#network.bytesOf(state).length > 0) {
        kept.states.push(state);
        kept.frames.push(frame);
      }
      if (this.#network.isFinal(state)) {
        if (frame.parent === undefined) complete = true;
        else {
          states.push(frame.to);
          frames.push(frame.parent);
        }
      }
      for (const to of this.#network.freeOf(state)) {
        states.push(to);
        frames.push(frame);
      }
      for (const { rule, to } of this.#network.callsOf(state)) {
        states.push(rule.start);
        frames.push(this.#frame(frame, to));
      }
    }
    this.#visits += seen.size;
    if (this.#visits > VISITS_MAX) {
      throw new FlintError("bad_input", "jsonSchema has a pattern or choice that is too ambiguous");
    }
    return { ...kept, complete };
  }

  #frame(parent: Frame, to: number): Frame {
    // A rule that ends right after returning needs no address: alternatives stay one position.
    const [only, ...others] = this.#network.freeOf(to);
    const tail = only !== undefined && others.length === 0 && this.#network.isFinal(only) &&
      this.#network.bytesOf(to).length === 0 && this.#network.callsOf(to).length === 0;
    if (tail) return parent;
    let frame = parent.children.get(to);
    if (frame === undefined) {
      frame = { id: this.#frames++, to, parent, children: new Map() };
      parent.children.set(to, frame);
    }
    return frame;
  }
}

/** One answer on its way through the grammar. */
export class GrammarState {
  readonly #grammar: Grammar;
  #place: Place;
  #ended = false;

  constructor(grammar: Grammar, place: Place) {
    this.#grammar = grammar;
    this.#place = place;
  }

  /** The answer is complete and nothing may follow. */
  get done(): boolean {
    return this.#ended || (this.#place.complete && this.#place.states.length === 0);
  }

  /** The answer is complete: it may end here. */
  get complete(): boolean {
    return this.#ended || this.#place.complete;
  }

  /**
   * One bit for each token that may come next, token i in bit i % 32 of word i / 32; valid until
   * the next call on this grammar, not to be changed.
   */
  allow(): Uint32Array {
    return this.#grammar.mask(this.#place);
  }

  /** Goes on by an allowed token. */
  accept(id: number): void {
    assert(!this.#ended, "no token follows an end token");
    const { vocabulary } = this.#grammar;
    if (this.#place.complete && vocabulary.isEnd(id)) {
      this.#ended = true;
      return;
    }
    let place: Place | null = vocabulary.isControl(id) ? null : this.#place;
    for (const byte of vocabulary.tokenBytes(id)) {
      if (place !== null) place = this.#grammar.step(place, byte);
    }
    assert(place !== null, `token ${id} is allowed by the grammar`);
    this.#place = place;
  }
}

function oneOfEachClass(classOfByte: Uint8Array, low: number, high: number): number[] {
  const bytes = [low];
  for (let byte = low + 1; byte <= high; byte++) {
    if (classOfByte[byte] !== classOfByte[byte - 1]) bytes.push(byte);
  }
  return bytes;
}

function allowToken(mask: Uint32Array, id: number): void {
  mask[id >> 5]! |= 1 << (id & 31);
}

/** One number for a state and its frame. */
function positionKey(state: number, frame: Frame): number {
  return frame.id * STATES_MAX + state;
}

/** The class of each byte, in order: a new class begins where some edge begins or ends. */
function byteClasses(network: Network): Uint8Array {
  const begins = new Uint8Array(257);
  for (let state = 0; state < network.size; state++) {
    for (const { low, high } of network.bytesOf(state)) begins[low] = begins[high + 1] = 1;
  }
  const classes = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) classes[byte] = classes[byte - 1]! + begins[byte]!;
  return classes;
}
