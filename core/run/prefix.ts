/**
 * Restores the KV of what a text begins with, and keeps what will be begun with again: prefixes of
 * assistants as soon as they are computed, conversations and long prompts at their end. What is on
 * disk is the f16 of the cache bit for bit (int8 would be half of it, but then `exact` would not
 * be exact), bound to the model's file, which the chat template is part of, and to the tokens.
 */
import { createHash } from "node:crypto";
import { FlintError } from "../errors.ts";
import type { Kv } from "../kv.ts";
import type { Machine } from "../model/machine.ts";
import { BlockTree } from "./block_tree.ts";
import type { Content, KvCache } from "./kv_cache.ts";
import type { Sequence } from "./sequence.ts";

/** Another layout of a block's bytes needs another number. */
const LAYOUT = 1;
/** A prompt of nobody's is kept from this many blocks on: 256 tokens, some seconds of reading. */
export const LONG_BLOCKS = 8;
/** Paths that may wait to be written, holding their blocks; what ends beyond that isn't kept. */
const WRITES_MAX = 4;
/** An assistant's prefix stays as if it were used this much later than a conversation. */
const PREFIX_STAYS_MS = 30 * 24 * 3600 * 1000;

/** What prefixes work with. */
export interface PrefixNeeds {
  readonly kv: Kv;
  readonly machine: Machine;
  readonly cache: KvCache;
  /** Whatever the KV of equal tokens depends on: model file, fidelity. */
  readonly model: string;
  readonly bytesMax?: number;
  /** Blocks that were held for writing are free again. */
  readonly onRelease?: () => void;
}

/** Keeps and restores the KV of one model. */
export class Prefixes {
  readonly #needs: PrefixNeeds;
  readonly #tree: BlockTree;
  #waiting = 0;
  #written = Promise.resolve();
  #lastUse = 0;
  #fault: unknown;

  constructor(needs: PrefixNeeds) {
    const { kv, bytesMax, machine: { limits: { blockTokens, blockBytes } } } = needs;
    const model = digest(`${LAYOUT} ${needs.model} ${blockTokens} ${blockBytes}`);
    this.#needs = needs;
    this.#tree = new BlockTree({ kv, model, bytesMax });
  }

  /**
   * Fills the sequence's first blocks that are not sealed, `count` being all that may be filled.
   * The blocks are the sequence's own: a step may run meanwhile. Returns how many are filled.
   */
  restore(sequence: Sequence, count: number): number {
    const { machine } = this.#needs;
    const { sealed, blocks } = sequence;
    let i = sealed;
    while (i < count && this.#tree.read(this.#content(sequence, i), machine.block(blocks[i]!))) i++;
    return i - sealed;
  }

  /**
   * Fills `block` with one that begins with more than `least` of the wanted tokens; how many those
   * are, undefined if there is none.
   */
  restoreBeginning(wanted: Content, least: number, block: number): number | undefined {
    if (wanted.tokens.length <= least) return undefined;
    return this.#tree.readLike(wanted, least, this.#needs.machine.block(block));
  }

  /** Keeps an assistant's prefix, once its full blocks are sealed. */
  keep(sequence: Sequence): void {
    const { assistant, prefixTokens, sealed } = sequence;
    const count = Math.floor(prefixTokens / this.#needs.machine.limits.blockTokens);
    if (sequence.prefixKept || assistant === undefined || sealed < count) return;
    sequence.prefixKept = true;
    this.#keep(sequence, count, PREFIX_STAYS_MS);
  }

  /** Keeps the sealed blocks of a sequence that is over, if it is likely to be gone on with. */
  keepEnd(sequence: Sequence): void {
    const { assistant, promptTokens, sealed } = sequence;
    const { blockTokens } = this.#needs.machine.limits;
    if (assistant === undefined && promptTokens < LONG_BLOCKS * blockTokens) return;
    if (this.#waiting < WRITES_MAX) this.#keep(sequence, sealed, 0);
  }

  /** Waits for what is being written. Throws FlintError "unavailable" if a write ever failed. */
  async close(): Promise<void> {
    await this.#written;
    if (this.#fault === undefined) return;
    const options = { cause: this.#fault };
    throw new FlintError("unavailable", "a prefix could not be saved in the data store", options);
  }

  /** Writes the first `count` blocks after what waits already. */
  #keep(sequence: Sequence, count: number, staysMs: number): void {
    if (count === 0 || this.#fault) return;
    const { cache, onRelease, machine: { limits } } = this.#needs;
    const hashes = sequence.hashes(count, limits.blockTokens);
    const path = hashes.map((_, i) => this.#content(sequence, i));
    const grant = cache.acquire(hashes, hashes.length); // owned, so that nobody writes them meanwhile
    if (!grant) return;
    if (grant.cached < hashes.length) return cache.release(grant.blocks);
    this.#waiting++;
    this.#lastUse = Math.max(Date.now(), this.#lastUse + 1); // one after the other, even in one ms
    const usedAt = this.#lastUse + staysMs;
    this.#written = this.#written
      .then(() => this.#write(path, grant.blocks, usedAt))
      .catch((error) => { // ends keeping, not the answer; close() tells
        this.#fault ??= error;
      })
      .finally(() => {
        this.#waiting--;
        cache.release(grant.blocks);
        onRelease?.();
      });
  }

  #write(path: readonly Content[], blocks: readonly number[], usedAt: number): Promise<void> {
    const { machine } = this.#needs;
    const copy = new Uint8Array(machine.limits.blockBytes);
    const bytes = (i: number) => {
      copy.set(machine.block(blocks[i]!));
      return copy;
    };
    return this.#tree.write({ blocks: path, usedAt, bytes });
  }

  /** What full block i of a sequence holds. */
  #content(sequence: Sequence, i: number): Content {
    return sequence.content(i, this.#needs.machine.limits.blockTokens, sequence.tokens.length);
  }
}

/** A key part of fixed length for any text. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
