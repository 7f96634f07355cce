/**
 * Lends the KV blocks that short chats leave free to weights, which are then not read in each pass,
 * and takes them back before they are needed. Between two steps only, and seldom: what is newly
 * lent must be read, and the read-ahead is lost.
 */
import type { Machine } from "../model/machine.ts";
import type { KvCache } from "./kv_cache.ts";
import type { Scheduler } from "./scheduler.ts";

/** Blocks left beyond what is wanted now: 256 tokens, so that a chat seldom waits for a return. */
const RESERVE = 8;
/** Steps without a return before more is lent. */
const CALM_STEPS = 8;
/** Of all blocks, the share that is never lent: what chats left there is found again. */
const KEPT_SHARE = 1 / 3;

/** Moves the border between KV blocks and what is lent. */
export class Lending {
  readonly #machine: Machine;
  readonly #cache: KvCache;
  readonly #scheduler: Scheduler;
  #calm = 0; // steps since the last return

  constructor(needs: { machine: Machine; cache: KvCache; scheduler: Scheduler }) {
    this.#machine = needs.machine;
    this.#cache = needs.cache;
    this.#scheduler = needs.scheduler;
  }

  /** To be called before each step is scheduled. */
  async adjust(): Promise<void> {
    const cache = this.#cache;
    if (!this.#machine.lendable) return;
    const wanted = this.#scheduler.blocksWanted, missing = wanted - cache.free;
    if (missing > 0 && cache.limit < cache.blocks) {
      const limit = Math.min(cache.blocks, cache.limit + missing + RESERVE);
      await this.#machine.lend(limit);
      cache.limit = limit;
      this.#calm = 0;
    } else if (++this.#calm >= CALM_STEPS) {
      const kept = Math.ceil(cache.blocks * KEPT_SHARE);
      const limit = Math.max(kept, cache.usedEnd + wanted + RESERVE);
      this.#calm = 0;
      if (limit + RESERVE > cache.limit) return;
      cache.limit = limit;
      await this.#machine.lend(limit);
    }
  }
}
