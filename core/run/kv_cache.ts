/**
 * Who owns which KV block: reference counts, and full blocks found again by what they hold.
 * Blocks of a common prefix are shared, as in vLLM's paged attention (Kwon et al., 2309.06180);
 * freed blocks keep their content until somebody needs the room, longest unused first.
 * Pure bookkeeping: the bytes lie in the machine.
 */
import { createHash } from "node:crypto";
import { assert } from "../errors.ts";

/** Blocks given to a sequence; the first `cached` of them already hold their tokens. */
export interface Grant {
  readonly blocks: number[];
  readonly cached: number;
}

/** Name of a full block's content: its tokens and, through `parent`, all tokens before it. */
export function blockHash(parent: string, tokens: readonly number[]): string {
  return createHash("sha256").update(parent).update(Int32Array.from(tokens)).digest("base64url");
}

/** Owners and contents of all KV blocks. */
export class KvCache {
  readonly blocks: number;
  readonly #owners: Uint16Array; // sequences that use block i
  readonly #hashes: (string | undefined)[]; // content of block i, once full
  readonly #byHash = new Map<string, number>();
  readonly #blank: number[]; // ownerless, nothing worth keeping
  readonly #idle = new Set<number>(); // ownerless but found by hash; longest idle first

  constructor(blocks: number) {
    this.blocks = blocks;
    this.#owners = new Uint16Array(blocks);
    this.#hashes = new Array(blocks);
    this.#blank = Array.from({ length: blocks }, (_, i) => blocks - 1 - i);
  }

  /** Blocks that could be given away now, cached ones included. */
  get free(): number {
    return this.#blank.length + this.#idle.size;
  }

  /** Blocks some sequence uses. */
  get used(): number {
    return this.blocks - this.free;
  }

  /** How many of the leading contents are in some block. */
  known(hashes: readonly string[]): number {
    const missing = hashes.findIndex((hash) => !this.#byHash.has(hash));
    return missing < 0 ? hashes.length : missing;
  }

  /** `count` blocks, the leading ones shared as far as `hashes` are known; undefined if too few are free. */
  acquire(hashes: readonly string[], count: number): Grant | undefined {
    const shared = hashes.slice(0, this.known(hashes)).map((hash) => this.#byHash.get(hash)!);
    const idle = shared.filter((block) => this.#idle.has(block)).length;
    if (count - shared.length > this.free - idle) return undefined;
    for (const block of shared) this.share(block);
    const blocks = [...shared];
    while (blocks.length < count) blocks.push(this.grow()!);
    return { blocks, cached: shared.length };
  }

  /** One blank block with one owner; undefined if none is free. */
  grow(): number | undefined {
    const block = this.#blank.pop() ?? this.#evict();
    if (block !== undefined) this.#owners[block] = 1;
    return block;
  }

  /** One more owner of a full block. */
  share(block: number): void {
    assert(this.#hashes[block] !== undefined, "only full blocks are shared");
    this.#idle.delete(block);
    this.#owners[block]!++;
  }

  /** Tells that an owned block is full, so that others may find it. Of two with one content the first stays known. */
  seal(block: number, hash: string): void {
    assert(this.#owners[block]! > 0, "a sealed block has an owner");
    if (this.#byHash.has(hash)) return;
    assert(this.#hashes[block] === undefined, "a block is sealed once");
    this.#byHash.set(hash, block);
    this.#hashes[block] = hash;
  }

  /** One owner fewer for each. Later blocks are forgotten first: without its head a tail is of no use. */
  release(blocks: readonly number[]): void {
    for (const block of blocks.toReversed()) {
      assert(this.#owners[block]! > 0, "a released block has an owner");
      if (--this.#owners[block]! > 0) continue;
      if (this.#hashes[block] === undefined) this.#blank.push(block);
      else this.#idle.add(block);
    }
  }

  /** Sequences that use a block. */
  owners(block: number): number {
    return this.#owners[block]!;
  }

  #evict(): number | undefined {
    const [block] = this.#idle;
    if (block === undefined) return undefined;
    this.#idle.delete(block);
    this.#byHash.delete(this.#hashes[block]!);
    this.#hashes[block] = undefined;
    return block;
  }
}
