/**
 * KV snapshots of assistants' prefixes in LMDB: what every chat of an assistant begins with is
 * computed once and then restored in place of prefill, also after a restart. A snapshot is bound to
 * the model, the cache's layout and the tokens; what does not fit them or fails its checksum is
 * computed as if there were none. Longest unused snapshots make room.
 */
import { createHash } from "node:crypto";
import { FlintError } from "../errors.ts";
import { unitChecksum } from "../flash/checksum.ts";
import type { Blobs, Collection, Kv } from "../kv.ts";
import type { Machine } from "../model/machine.ts";
import type { KvCache } from "./kv_cache.ts";
import type { Sequence } from "./sequence.ts";

/** Bytes all snapshots may take on disk: some 100 assistants of 150 tokens at 28 KB each. */
export const SNAPSHOT_BYTES_MAX = 512 * 2 ** 20;
/** Another layout of a block's bytes needs another number. */
const LAYOUT = 1;

/** What is known of one snapshot; its blocks are blobs under [model, assistant, i]. */
interface Snapshot {
  /** Names of the blocks' contents (see blockHash): the tokens. */
  readonly hashes: readonly string[];
  readonly checksums: readonly string[];
  readonly bytes: number;
  readonly usedAt: number;
}

/** What snapshots work with. */
export interface PrefixNeeds {
  readonly kv: Kv;
  readonly machine: Machine;
  readonly cache: KvCache;
  /** Whatever the KV of equal tokens depends on: model file, fidelity. */
  readonly model: string;
  readonly bytesMax?: number;
  /** Blocks that were held for saving are free again. */
  readonly onRelease?: () => void;
}

/** Saves and restores the prefixes of one model. */
export class Prefixes {
  readonly #needs: PrefixNeeds;
  readonly #model: string;
  readonly #bytesMax: number;
  readonly #snapshots: Collection<Snapshot>;
  readonly #blobs: Blobs;
  readonly #writes = new Set<Promise<void>>();
  readonly #saving = new Set<string>(); // assistants
  readonly #damaged = new Set<string>(); // assistants
  #fault: unknown;

  constructor(needs: PrefixNeeds) {
    const { blockTokens, blockBytes } = needs.machine.limits;
    this.#needs = needs;
    this.#model = digest(`${LAYOUT} ${needs.model} ${blockTokens} ${blockBytes}`);
    this.#bytesMax = needs.bytesMax ?? SNAPSHOT_BYTES_MAX;
    this.#snapshots = needs.kv.collection("prefixes");
    this.#blobs = needs.kv.blobs("prefix_blocks");
  }

  /**
   * Fills the sequence's blocks from its first unsealed one on; `hashes` name their contents.
   * Not to be called while a step runs. Returns how many blocks are filled.
   */
  restore(sequence: Sequence, hashes: readonly string[]): number {
    const snapshot = this.#find(sequence);
    if (!snapshot) return 0;
    const { blocks, sealed } = sequence;
    let restored = 0;
    for (; restored < hashes.length; restored++) {
      const i = sealed + restored;
      if (snapshot.hashes[i] !== hashes[restored]) break;
      if (this.#fill(this.#key(sequence, i), snapshot.checksums[i]!, blocks[i]!)) continue;
      this.#damaged.add(sequence.assistant!);
      break;
    }
    return restored;
  }

  /** Saves the prefix, once its full blocks are sealed; `hashes` name the sealed blocks. */
  keep(sequence: Sequence, hashes: readonly string[]): void {
    const { machine, cache } = this.#needs;
    const { assistant, prefixTokens } = sequence;
    const count = Math.floor(prefixTokens / machine.limits.blockTokens);
    if (sequence.prefixKept || assistant === undefined || hashes.length < count) return;
    sequence.prefixKept = true;
    const bytes = count * machine.limits.blockBytes;
    if (count === 0 || bytes > this.#bytesMax || this.#fault || this.#saving.has(assistant)) return;
    const wanted = hashes.slice(0, count);
    const found = this.#find(sequence);
    const same = found?.hashes.length === count && found.hashes.at(-1) === wanted.at(-1);
    if (same && !this.#damaged.delete(assistant)) {
      return this.#track(this.#touch(sequence, found));
    }
    const grant = cache.acquire(wanted, count); // owned, so that nobody writes them meanwhile
    if (grant?.cached === count) this.#track(this.#save(sequence, wanted, grant.blocks));
    else if (grant) cache.release(grant.blocks);
  }

  /** Waits for what is being written. Throws FlintError "unavailable" if a write ever failed. */
  async close(): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes);
    if (this.#fault === undefined) return;
    const options = { cause: this.#fault };
    throw new FlintError("unavailable", "a prefix could not be saved in the data store", options);
  }

  #find({ assistant }: Sequence): Snapshot | undefined {
    return assistant === undefined ? undefined : this.#snapshots.get(this.#name(assistant));
  }

  #fill(key: readonly (string | number)[], checksum: string, block: number): boolean {
    const bytes = this.#blobs.borrow(key);
    const place = this.#needs.machine.block(block);
    if (bytes?.length !== place.length) return false;
    place.set(bytes); // checked where it is aligned; a bad block is computed over
    return unitChecksum(place) === checksum;
  }

  async #save(sequence: Sequence, hashes: readonly string[], blocks: readonly number[]) {
    const { machine, cache, onRelease } = this.#needs;
    const assistant = sequence.assistant!;
    const before = this.#find(sequence);
    const copy = new Uint8Array(machine.limits.blockBytes);
    const checksums: string[] = [];
    this.#saving.add(assistant);
    try {
      // Without a record while its blobs change: a half-written snapshot is none.
      await this.#snapshots.remove(this.#name(assistant));
      for (const [i, block] of blocks.entries()) {
        copy.set(machine.block(block));
        checksums.push(unitChecksum(copy));
        await this.#blobs.put(this.#key(sequence, i), copy);
      }
      for (let i = blocks.length; i < (before?.hashes.length ?? 0); i++) {
        await this.#blobs.remove(this.#key(sequence, i));
      }
      const bytes = blocks.length * copy.length;
      await this.#makeRoom(bytes);
      await this.#snapshots.put(this.#name(assistant), {
        hashes,
        checksums,
        bytes,
        usedAt: Date.now(),
      });
    } finally {
      this.#saving.delete(assistant);
      cache.release(blocks);
      onRelease?.();
    }
  }

  async #touch({ assistant }: Sequence, snapshot: Snapshot): Promise<void> {
    const name = this.#name(assistant!);
    await this.#needs.kv.transaction(({ put }) => {
      // It may have been evicted meanwhile.
      if (this.#snapshots.get(name)) {
        put(this.#snapshots, name, { ...snapshot, usedAt: Date.now() });
      }
    });
  }

  /** Removes snapshots, longest unused first, until `bytes` more fit. */
  async #makeRoom(bytes: number): Promise<void> {
    const all = [...this.#all()].sort((one, two) => one.value.usedAt - two.value.usedAt);
    let total = all.reduce((sum, { value }) => sum + value.bytes, bytes);
    for (const { key, value } of all) {
      if (total <= this.#bytesMax) return;
      await this.#snapshots.remove(key);
      for (const i of value.hashes.keys()) await this.#blobs.remove([...key as string[], i]);
      total -= value.bytes;
    }
  }

  *#all() {
    let cursor: string | undefined;
    do {
      const page = this.#snapshots.list(cursor === undefined ? {} : { cursor });
      yield* page.entries;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** A failed write ends saving, not the answer; close() tells. */
  #track(write: Promise<void>): void {
    const done = write.catch((error) => {
      this.#fault ??= error;
    }).finally(() => this.#writes.delete(done));
    this.#writes.add(done);
  }

  #name(assistant: string): string[] {
    return [this.#model, digest(assistant)];
  }

  #key(sequence: Sequence, block: number): (string | number)[] {
    return [...this.#name(sequence.assistant!), block];
  }
}

/** A key part of fixed length for any text. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
