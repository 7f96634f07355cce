/** Who may leave a block tree: a count of all its nodes, taken when room is needed. */
import type { Entry, Key } from "../kv.ts";

/** One stored block. */
export interface Node {
  readonly tokens: readonly number[];
  readonly checksum: string;
  readonly bytes: number;
  /** When a path that ends here was last used, ms; later for what is to stay longer. */
  readonly usedAt: number;
}

/** A block by its model, the hash of the block before it (ROOT for a text's first) and its own. */
export type NodeKey = readonly [model: string, parent: string, hash: string];

/** Stands for no block. */
export const ROOT = "-";

/** A stored block and its key. */
export interface Stored {
  readonly key: NodeKey;
  readonly node: Node;
}

/** A leaf that goes, and what its parent is from then on, if there is one. */
export interface Leaving {
  readonly key: NodeKey;
  readonly parent: Stored | undefined;
}

/** All nodes of a store as they stand. */
export class Census {
  readonly #nodes = new Map<string, Stored>();
  readonly #children = new Map<string, number>();
  readonly #staying: ReadonlySet<string>;
  #bytes = 0;

  /** `staying` are not asked to leave. */
  constructor(entries: Iterable<Entry<Node>>, staying: readonly NodeKey[]) {
    this.#staying = new Set(staying.map(nameOf));
    for (const { key, value } of entries) {
      const stored = { key: key as Key & NodeKey, node: value };
      this.#nodes.set(nameOf(stored.key), stored);
      this.#count(parentOf(stored.key), 1);
      this.#bytes += value.bytes;
    }
  }

  /** Counts bytes that have come. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * The leaves that must go, in order, until at most `bytesMax` are left; undefined if that would
   * take one used at `usedAt` or later.
   */
  makeRoom(bytesMax: number, usedAt: number): Leaving[] | undefined {
    const leaving: Leaving[] = [];
    while (this.#bytes > bytesMax) {
      const leaf = this.#oldestLeaf();
      if (!leaf || leaf.node.usedAt >= usedAt) return undefined;
      leaving.push(this.#remove(leaf));
    }
    return leaving;
  }

  #oldestLeaf() {
    let oldest: Stored | undefined;
    for (const [name, one] of this.#nodes) {
      if (this.#staying.has(name) || (this.#children.get(name) ?? 0) > 0) continue;
      if (!oldest || one.node.usedAt < oldest.node.usedAt) oldest = one;
    }
    return oldest;
  }

  /** The parent was used whenever its child was. */
  #remove({ key, node }: Stored): Leaving {
    const name = parentOf(key);
    this.#nodes.delete(nameOf(key));
    this.#count(name, -1);
    this.#bytes -= node.bytes;
    let parent = this.#nodes.get(name);
    if (parent && parent.node.usedAt < node.usedAt) {
      parent = { ...parent, node: { ...parent.node, usedAt: node.usedAt } };
      this.#nodes.set(name, parent);
    }
    return { key, parent };
  }

  #count(name: string, more: number): void {
    this.#children.set(name, (this.#children.get(name) ?? 0) + more);
  }
}

const nameOf = ([model, _, hash]: NodeKey) => `${model} ${hash}`;
const parentOf = ([model, parent]: NodeKey) => `${model} ${parent}`;
