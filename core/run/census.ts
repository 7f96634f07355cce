/** Who may leave a block tree: a count of all its nodes, taken when room is needed. */
import type { Entry, Key } from "../kv.ts";

/** One stored block. */
export interface Node {
  /** Name of the block before it; "" for a text's first. */
  readonly parent: string;
  readonly checksum: string;
  readonly bytes: number;
  /** When a path that ends here was last used, ms; later for what is to stay longer. */
  readonly usedAt: number;
}

/** [model, hash] of a block. */
export type NodeKey = readonly [model: string, hash: string];

/** A leaf that goes, and what its parent is from then on, if there is one. */
export interface Leaving {
  readonly key: NodeKey;
  readonly parentKey: NodeKey;
  readonly parent: Node | undefined;
}

/** All nodes of a store as they stand. */
export class Census {
  readonly #nodes = new Map<string, { readonly key: NodeKey; node: Node }>();
  readonly #children = new Map<string, number>();
  readonly #staying: ReadonlySet<string>;
  #bytes = 0;

  /** `staying` are not asked to leave. */
  constructor(entries: Iterable<Entry<Node>>, staying: readonly NodeKey[]) {
    this.#staying = new Set(staying.map(nameOf));
    for (const { key, value } of entries) {
      const [model, hash] = key as Key & NodeKey;
      this.#nodes.set(nameOf([model, hash]), { key: [model, hash], node: value });
      this.#count([model, value.parent], 1);
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
      leaving.push(this.#remove(leaf.key, leaf.node));
    }
    return leaving;
  }

  #oldestLeaf() {
    let oldest: { readonly key: NodeKey; readonly node: Node } | undefined;
    for (const [name, one] of this.#nodes) {
      if (this.#staying.has(name) || (this.#children.get(name) ?? 0) > 0) continue;
      if (!oldest || one.node.usedAt < oldest.node.usedAt) oldest = one;
    }
    return oldest;
  }

  /** The parent was used whenever its child was. */
  #remove(key: NodeKey, node: Node): Leaving {
    const parentKey = [key[0], node.parent] as const;
    this.#nodes.delete(nameOf(key));
    this.#count(parentKey, -1);
    this.#bytes -= node.bytes;
    const found = this.#nodes.get(nameOf(parentKey));
    if (found && found.node.usedAt < node.usedAt) {
      found.node = { ...found.node, usedAt: node.usedAt };
    }
    return { key, parentKey, parent: found?.node };
  }

  #count(key: NodeKey, more: number): void {
    this.#children.set(nameOf(key), (this.#children.get(nameOf(key)) ?? 0) + more);
  }
}

const nameOf = ([model, hash]: NodeKey) => `${model} ${hash}`;
