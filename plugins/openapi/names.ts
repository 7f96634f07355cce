/** Names of tools, which are short, plain and each there once. */

const CHARS_MAX = 64;

/** Gives the operations of one document their names. */
export class ToolNames {
  readonly #taken = new Set<string>();

  /** After the operation's own id or, where it has none, its method and path. */
  name(id: string | undefined, method: string, path: string): string {
    const plain = tidy(id ?? "") || tidy(`${method}_${path}`) || method;
    let name = plain.slice(0, CHARS_MAX);
    for (let i = 2; this.#taken.has(name.toLowerCase()); i++) {
      name = `${plain.slice(0, CHARS_MAX - String(i).length - 1)}_${i}`;
    }
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

const tidy = (text: string) => text.replace(/[^a-zA-Z0-9-]+/g, "_").replace(/^_+|_+$/g, "");
