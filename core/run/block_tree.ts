/**
 * KV blocks on disk as a radix tree: a node is one full block, named by the hash of its tokens and
 * all tokens before it (see blockHash), so what texts begin with is stored once, whoever stored it,
 * and a text's names alone find its longest stored path. As in SGLang's RadixAttention (Zheng et
 * al., 2312.07104) room is made at the leaves, longest unused first.
 */
import { unitChecksum } from "../flash/checksum.ts";
import type { Blobs, Collection, Key, Kv, Transaction } from "../kv.ts";
import { Census, type Node, type NodeKey, ROOT } from "./census.ts";
import { blockHash, commonLength, type Content } from "./kv_cache.ts";

/** Bytes all blocks may take on disk: some 600 blocks of 32 tokens at 28 KB each. */
export const TREE_BYTES_MAX = 512 * 2 ** 20;
/** Blocks written in one transaction, which holds them in memory: 8 are 7 MB at 28 KB a token. */
const PIECE_BLOCKS = 8;

/** Blocks behind one parent that are looked at for a common beginning. */
const CHILDREN_MAX = 100;

/** A text's full blocks, from its beginning on. */
export interface Path {
  readonly blocks: readonly Content[];
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
  /** Nodes and their bytes, both under the node's key. */
  readonly #nodes: Collection<Node>;
  readonly #blobs: Blobs;
  /** Blocks whose bytes were found wrong: to be written anew. */
  readonly #damaged = new Set<string>();

  /** `model` names, in fixed length, whatever the KV of equal tokens depends on. */
  constructor(needs: { kv: Kv; model: string; bytesMax?: number | undefined }) {
    this.#kv = needs.kv;
    this.#model = needs.model;
    this.#bytesMax = needs.bytesMax ?? TREE_BYTES_MAX;
    this.#nodes = needs.kv.collection("block_nodes");
    this.#blobs = needs.kv.blobs("block_bytes");
  }

  /** Reads a block into `place`; false if it is not there, or not whole: then `place` is spoilt. */
  read(content: Content, place: Uint8Array): boolean {
    const key = this.#key(content);
    const node = this.#nodes.get(key);
    return node !== undefined && this.#fill(key, node, place);
  }

  /**
   * Reads the block that begins with the most of the wanted tokens into `place`, if those are more
   * than `least`. Returns how many; undefined if there is none, or none whole.
   */
  readLike({ parent, tokens }: Content, least: number, place: Uint8Array): number | undefined {
    const prefix = [this.#model, parent || ROOT];
    let best: { key: NodeKey; node: Node } | undefined, most = least;
    for (const { key, value: node } of this.#nodes.list({ prefix, limit: CHILDREN_MAX }).entries) {
      const count = commonLength(tokens, node.tokens);
      if (count <= most) continue;
      best = { key: key as Key & NodeKey, node };
      most = count;
    }
    return best && this.#fill(best.key, best.node, place) ? most : undefined;
  }

  #fill(key: NodeKey, { checksum }: Node, place: Uint8Array): boolean {
    if (this.#damaged.has(key[2])) return false;
    const bytes = this.#blobs.borrow(key);
    if (bytes?.length === place.length) {
      place.set(bytes); // checked where it is aligned
      if (unitChecksum(place) === checksum) return true;
    }
    this.#damaged.add(key[2]);
    return false;
  }

  /**
   * Stores what is missing of a path, head first, some blocks in a transaction: whenever the
   * process ends, what is there are whole paths. Stops where only something used later could make
   * room.
   */
  async write(path: Path): Promise<void> {
    const keys = path.blocks.map((block) => this.#key(block));
    const missing = [...keys.keys()].filter((i) => !this.#has(keys[i]!));
    for (let i = 0; i < missing.length; i += PIECE_BLOCKS) {
      const piece = missing.slice(i, i + PIECE_BLOCKS);
      if (!await this.#kv.transaction((change) => this.#writePiece(change, path, keys, piece))) {
        return;
      }
    }
    await this.#kv.transaction((change) => this.#touch(change, keys.at(-1)!, path));
  }

  #has(key: NodeKey): boolean {
    return !this.#damaged.has(key[2]) && this.#nodes.get(key) !== undefined;
  }

  #writePiece(
    change: Transaction,
    { blocks, usedAt, bytes: bytesOf }: Path,
    keys: readonly NodeKey[],
    piece: readonly number[],
  ): boolean {
    const census = new Census(this.#all(), keys);
    for (const i of piece) {
      const key = keys[i]!, bytes = bytesOf(i), { tokens } = blocks[i]!;
      const more = this.#nodes.get(key) ? 0 : bytes.length;
      const leaving = census.makeRoom(this.#bytesMax - more, usedAt);
      if (!leaving) return false;
      for (const { key, parent } of leaving) {
        change.remove(this.#nodes, key);
        change.removeBytes(this.#blobs, key);
        if (parent) change.put(this.#nodes, parent.key, parent.node);
      }
      const node = { tokens, checksum: unitChecksum(bytes), bytes: bytes.length, usedAt };
      change.put(this.#nodes, key, node);
      change.putBytes(this.#blobs, key, bytes);
      census.add(more);
      this.#damaged.delete(key[2]);
    }
    return true;
  }

  /** Dates the path's last block: the ones before it stay as long as it does. */
  #touch(change: Transaction, key: NodeKey, { usedAt }: Path): void {
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

  #key(content: Content): NodeKey {
    return [this.#model, content.parent || ROOT, blockHash(content)];
  }
}
