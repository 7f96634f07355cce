/**
 * KV blocks on disk as a radix tree: a node is one full block, named by the hash of its tokens and
 * all tokens before it (see blockHash), so what texts begin with is stored once, whoever stored it,
 * and a text's names alone find its longest stored path. As in SGLang's RadixAttention (Zheng et
 * al., 2312.07104) room is made at the leaves, longest unused first.
 */
import { unitChecksum } from "../flash/checksum.ts";
import type { Blobs, Collection, Kv, Transaction } from "../kv.ts";
import { Census, type Node, type NodeKey } from "./census.ts";

/** Bytes all blocks may take on disk: some 600 blocks of 32 tokens at 28 KB each. */
export const TREE_BYTES_MAX = 512 * 2 ** 20;
/** Blocks written in one transaction, which holds them in memory: 8 are 7 MB at 28 KB a token. */
const PIECE_BLOCKS = 8;

/** A text's full blocks, from its beginning on. */
export interface Path {
  /** Names of the blocks. */
  readonly hashes: readonly string[];
  /** When it was used, ms; later for what is to stay longer. */
  readonly usedAt: number;
  /** Bytes of block i; only the last answer is valid. */
  readonly bytes: (i: number) => Uint8Array<ArrayBuffer>;
}

/** The blocks of one model. Those of other models in the same store share the size limit. */
export class BlockTree {
  readonly #kv: Kv;
  readonly #model: string;
  readonly #bytesMax: number;
  /** Nodes and their bytes, both under [model, hash]. */
  readonly #nodes: Collection<Node>;
  readonly #blobs: Blobs;
  /** Blocks whose bytes were found wrong: to be written anew. */
  readonly #damaged = new Set<string>();

  /** `model` names, in fixed length, whatever the KV of equal tokens depends on. */
  constructor(needs: { kv: Kv; model: string; bytesMax?: number | undefined }) {
    this.#kv = needs.kv;
    this.#model = needs.model;
    this.#bytesMax = needs.bytesMax ?? TREE_BYTES_MAX;
    this.#nodes = needs.kv.collection("kv_nodes");
    this.#blobs = needs.kv.blobs("kv_blocks");
  }

  /** Whether a block is stored and not known to be damaged. */
  has(hash: string): boolean {
    return !this.#damaged.has(hash) && this.#nodes.get(this.#key(hash)) !== undefined;
  }

  /** Reads a block into `place`; false if it is not there, or not whole: then `place` is spoilt. */
  read(hash: string, place: Uint8Array): boolean {
    const node = this.#nodes.get(this.#key(hash));
    if (!node || this.#damaged.has(hash)) return false;
    const bytes = this.#blobs.borrow(this.#key(hash));
    if (bytes?.length === place.length) {
      place.set(bytes); // checked where it is aligned
      if (unitChecksum(place) === node.checksum) return true;
    }
    this.#damaged.add(hash);
    return false;
  }

  /**
   * Stores what is missing of a path, head first, some blocks in a transaction: whenever the
   * process ends, what is there are whole paths. Stops where only something used later could make
   * room.
   */
  async write(path: Path): Promise<void> {
    const missing = [...path.hashes.keys()].filter((i) => !this.has(path.hashes[i]!));
    for (let i = 0; i < missing.length; i += PIECE_BLOCKS) {
      const piece = missing.slice(i, i + PIECE_BLOCKS);
      if (!await this.#kv.transaction((change) => this.#writePiece(change, path, piece))) return;
    }
    await this.#kv.transaction((change) => this.#touch(change, path));
  }

  #writePiece(change: Transaction, path: Path, piece: readonly number[]): boolean {
    const { hashes, usedAt } = path;
    const census = new Census(this.#all(), hashes.map((hash) => this.#key(hash)));
    for (const i of piece) {
      const key = this.#key(hashes[i]!), bytes = path.bytes(i);
      const more = this.#nodes.get(key) ? 0 : bytes.length;
      const leaving = census.makeRoom(this.#bytesMax - more, usedAt);
      if (!leaving) return false;
      for (const { key, parentKey, parent } of leaving) {
        change.remove(this.#nodes, key);
        change.removeBytes(this.#blobs, key);
        if (parent) change.put(this.#nodes, parentKey, parent);
      }
      const parent = hashes[i - 1] ?? "";
      const node = { parent, checksum: unitChecksum(bytes), bytes: bytes.length, usedAt };
      change.put(this.#nodes, key, node);
      change.putBytes(this.#blobs, key, bytes);
      census.add(more);
      this.#damaged.delete(hashes[i]!);
    }
    return true;
  }

  /** Dates the path's last block: the ones before it stay as long as it does. */
  #touch(change: Transaction, { hashes, usedAt }: Path): void {
    const key = this.#key(hashes.at(-1)!);
    const node = this.#nodes.get(key);
    if (node && node.usedAt < usedAt) change.put(this.#nodes, key, { ...node, usedAt });
  }

  *#all() {
    let cursor: string | undefined;
    do {
      const page = this.#nodes.list(cursor === undefined ? {} : { cursor });
      yield* page.entries;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  #key(hash: string): NodeKey {
    return [this.#model, hash];
  }
}
