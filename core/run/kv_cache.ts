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

/** What a block holds: tokens, behind all tokens that `parent` names ("" = none). */
export interface Content {
  readonly parent: string;
  readonly tokens: readonly number[];
}

/** A block that begins with the first `count` tokens that are wanted. */
export interface Likeness {
  readonly block: number;
  readonly count: number;
}

/** Name of a full block's content: its tokens and, through `parent`, all tokens before them. */
export function blockHash({ parent, tokens }: Content): string {
  return createHash("sha256").update(parent).update(Int32Array.from(tokens)).digest("base64url");
}

/** How many tokens two texts begin with alike. */
export function commonLength(one: readonly number[], two: readonly number[]): number {
  const differ = one.findIndex((token, i) => token !== two[i]);
  return differ < 0 ? one.length : differ;
}

/** Owners and contents of all KV blocks. */
export class KvCache {
  readonly blocks: number;
  readonly #owners: Uint16Array; // sequences that use block i
  readonly #contents: (Content | undefined)[]; // of block i, once it is known
  readonly #hashes: (string | undefined)[]; // name of it, if block i is full
  readonly #byHash = new Map<string, number>();
  readonly #byParent = new Map<string, Set<number>>(); // known blocks
  readonly #blank: number[]; // ownerless, nothing worth keeping; the lowest number last
  #limit: number;
  readonly #idle = new Set<number>(); // ownerless but known; longest idle first

  constructor(blocks: number) {
    this.blocks = this.#limit = blocks;
    this.#owners = new Uint16Array(blocks);
    this.#contents = new Array(blocks);
    this.#hashes = new Array(blocks);
    this.#blank = Array.from({ length: blocks }, (_, i) => blocks - 1 - i);
  }

  /** Blocks that could be given away now, cached ones included. */
  get free(): number {
    const lent = this.#blank.findLastIndex((block) => block >= this.#limit) + 1;
    return this.#blank.length - lent + this.#idle.size;
  }

  /** Blocks from this number on are lent and not given away. */
  get limit(): number {
    return this.#limit;
  }

  /** What is known of blocks from `limit` on is forgotten; no sequence may use one of them. */
  set limit(limit: number) {
    assert(limit >= this.usedEnd, "used blocks are not lent");
    this.#limit = limit;
    for (const block of this.#idle) {
      if (block < limit) continue;
      this.#forget(block);
      this.#lay(block);
    }
  }

  /** The number behind the last block that some sequence uses. */
  get usedEnd(): number {
    return 1 + this.#owners.findLastIndex((count) => count > 0);
  }

  /** Blocks some sequence uses. */
  get used(): number {
    return this.blocks - this.#blank.length - this.#idle.size;
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

  /** One blank block with one owner, of them the lowest; undefined if none is free. */
  grow(): number | undefined {
    const blank = this.#blank.at(-1);
    const block = blank !== undefined && blank < this.#limit ? this.#blank.pop() : this.#evict();
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
  seal(block: number, content: Content): void {
    assert(this.#owners[block]! > 0, "a sealed block has an owner");
    const hash = blockHash(content);
    if (this.#byHash.has(hash)) return;
    assert(this.#contents[block] === undefined, "a block is sealed once");
    this.#byHash.set(hash, block);
    this.#hashes[block] = hash;
    this.#know(block, content);
  }

  /** Tells what the one owner of a block that isn't full leaves in it: others may copy that. */
  leave(block: number, content: Content): void {
    assert(this.#owners[block] === 1, "nobody else writes the block");
    this.#know(block, content);
  }

  /** The known block behind `parent` that begins with the most of `tokens`; its bytes last until blocks are taken. */
  nearest({ parent, tokens }: Content): Likeness | undefined {
    let best: Likeness | undefined;
    for (const block of this.#byParent.get(parent) ?? []) {
      const count = commonLength(tokens, this.#contents[block]!.tokens);
      if (count > (best?.count ?? 0)) best = { block, count };
    }
    return best;
  }

  /** One owner fewer for each. Later blocks are forgotten first: without its head a tail is of no use. */
  release(blocks: readonly number[]): void {
    for (const block of blocks.toReversed()) {
      assert(this.#owners[block]! > 0, "a released block has an owner");
      if (--this.#owners[block]! > 0) continue;
      if (this.#contents[block] === undefined) this.#lay(block);
      else this.#idle.add(block);
    }
  }

  /** Sequences that use a block. */
  owners(block: number): number {
    return this.#owners[block]!;
  }

  #know(block: number, content: Content): void {
    this.#contents[block] = content;
    const siblings = this.#byParent.get(content.parent);
    if (siblings) siblings.add(block);
    else this.#byParent.set(content.parent, new Set([block]));
  }

  #evict(): number | undefined {
    const [block] = this.#idle;
    if (block !== undefined) this.#forget(block);
    return block;
  }

  /** Puts a block to the blank ones. */
  #lay(block: number): void {
    const after = this.#blank.findLastIndex((other) => other > block);
    this.#blank.splice(after + 1, 0, block);
  }

  #forget(block: number): void {
    this.#idle.delete(block);
    const { parent } = this.#contents[block]!, hash = this.#hashes[block];
    const siblings = this.#byParent.get(parent)!;
    siblings.delete(block);
    if (siblings.size === 0) this.#byParent.delete(parent);
    if (hash !== undefined) this.#byHash.delete(hash);
    this.#contents[block] = this.#hashes[block] = undefined;
  }
}
