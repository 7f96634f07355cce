/** The models of one data folder: fetched sources, imported stores, and the way from one to the other. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { calibrate, type CalibrateOptions } from "../calibrate/calibrate.ts";
import { FlintError } from "../errors.ts";
import type { ModelCard } from "../flash/layout.ts";
import { inspectStore } from "../flash/store.ts";
import { importGguf } from "../gguf/import.ts";
import type { ModelEntry, ModelStage, Progress } from "./api.ts";
import { CATALOG, type CatalogEntry, findEntry, getEntry } from "./catalog.ts";
import { freeBytes } from "./disk.ts";
import { isPulled, placeOf, pull, type PullOptions } from "./pull.ts";

/** A name is a folder's, a URL's and a command's argument. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Disk that import wants beside the store: index, lock file, and room to breathe. */
const SPARE_BYTES = 100_000_000;

/** How a model is brought in; see PullOptions. */
export interface BringOptions extends Omit<PullOptions, "dataDir"> {
  /** Keep the fetched file after its import. */
  readonly keepSource?: boolean;
}

/** What lies in a data folder. Cards are read once and kept up to date by what is done here. */
export class Shelf {
  readonly #dataDir: string;
  readonly #cards = new Map<string, ModelCard>();

  private constructor(dataDir: string) {
    this.#dataDir = resolve(dataDir);
  }

  /** Reads the cards of all complete stores. */
  static async open(dataDir: string): Promise<Shelf> {
    const shelf = new Shelf(dataDir);
    const models = join(shelf.#dataDir, "models");
    if (!existsSync(models)) return shelf;
    for await (const { name, isDirectory } of Deno.readDir(models)) {
      const state = isDirectory ? await inspectStore(join(models, name)) : undefined;
      if (state?.card) shelf.#cards.set(name, state.card);
    }
    return shelf;
  }

  /** The card of an imported model. */
  card(name: string): ModelCard | undefined {
    return this.#cards.get(name);
  }

  /** Folder of an imported model's store. */
  folderOf(name: string): string {
    return join(this.#dataDir, "models", name);
  }

  /** Throws "not_found", with the names there are, unless the model is imported or in the catalog. */
  check(name: string): void {
    if (this.#cards.has(name) || findEntry(name)?.use === "chat") return;
    const names = this.list().map((entry) => entry.name).join(", ");
    throw new FlintError("not_found", `there is no model ${JSON.stringify(name)}: ${names}`);
  }

  /** Default --memory: the catalog's, or half the source file. */
  memoryFor(name: string): number {
    const bytes = this.#cards.get(name)?.sourceBytes ?? 0;
    return findEntry(name)?.memoryBytes ?? Math.ceil(bytes / 2);
  }

  /** Bytes of disk that are missing to bring in a catalog model; 0 or less when it fits. */
  async diskShort(name: string): Promise<number> {
    const entry = getEntry(name);
    if (this.#cards.has(name)) return 0;
    const source = await isPulled(entry, this.#dataDir) ? 0 : entry.bytes;
    return source + entry.bytes + SPARE_BYTES - await freeBytes(this.#dataDir);
  }

  /** Fetches and imports a model of the catalog, as far as either is still to be done. */
  async bring(name: string, options: BringOptions): Promise<void> {
    const imported = this.#cards.has(name);
    const entry = imported ? findEntry(name) : getEntry(name);
    if (!entry || (imported && !options.keepSource)) return;
    const place = await pull(entry, { ...options, dataDir: this.#dataDir });
    if (entry.use !== "chat") return;
    const source = join(place, entry.sources[0]!.files[0]!.path);
    if (!imported) await this.import(name, source, entry, options);
    if (!options.keepSource) await Deno.remove(source);
  }

  /** Imports a GGUF file under `name`; see importGguf for what it throws. */
  async import(
    name: string,
    source: string,
    known: Partial<Pick<CatalogEntry, "title" | "license">>,
    { signal, onProgress }: BringOptions,
  ): Promise<ModelCard> {
    if (!NAME.test(name)) {
      throw new FlintError("bad_input", `${JSON.stringify(name)} is no name: use a-z, 0-9, . _ -`);
    }
    const card = await importGguf({
      source,
      target: this.folderOf(name),
      name,
      ...(known.title === undefined ? {} : { title: known.title }),
      ...(known.license === undefined ? {} : { license: known.license }),
      ...(signal ? { signal } : {}),
      onProgress: (done, total) =>
        onProgress?.({ model: name, stage: "importing", done, total, unit: "bytes" }),
    });
    this.#cards.set(name, card);
    return card;
  }

  /**
   * Gives an imported model its coarser units, for fidelities below exact; see calibrate for what it
   * throws. A model that has them is done at once.
   */
  async calibrate(name: string, show: Omit<CalibrateOptions, "folder">): Promise<void> {
    if (!this.#cards.has(name)) {
      throw new FlintError(
        "not_found",
        `${name} is not imported: run \`flint pull ${name}\` first`,
      );
    }
    await calibrate({ ...show, folder: this.folderOf(name) });
  }

  /** All models, those of the catalog first. `under` is what is under way with one of them. */
  list(under?: Progress): ModelEntry[] {
    const stageOf = (name: string, there: boolean): ModelStage =>
      there ? "ready" : under?.model === name ? under.stage : "absent";
    const known = CATALOG.map((entry): ModelEntry => {
      const there = entry.use === "chat" ? this.#cards.has(entry.name) : this.#isPlaced(entry);
      const { name, title, license, use, memoryBytes } = entry;
      return {
        name,
        title,
        license,
        use,
        memoryBytes,
        sourceBytes: entry.bytes,
        storeBytes: this.#cards.get(entry.name)?.storeBytes ?? 0,
        stage: stageOf(entry.name, there),
      };
    });
    const added = [...this.#cards].filter(([name]) => !findEntry(name));
    const own = added.map(([name, card]): ModelEntry => ({
      name,
      title: card.title,
      license: card.license ?? "unknown",
      use: "chat",
      sourceBytes: card.sourceBytes,
      storeBytes: card.storeBytes,
      stage: stageOf(name, true),
      memoryBytes: this.memoryFor(name),
    }));
    return [...known, ...own];
  }

  #isPlaced(entry: CatalogEntry): boolean {
    return existsSync(join(placeOf(entry, this.#dataDir), entry.sources[0]!.files.at(-1)!.path));
  }
}

/** The name a file gets when none is given: its own, without what a name may not hold. */
export function nameOf(file: string): string {
  const stem = basename(file).toLowerCase().replace(/\.gguf$/, "");
  return stem.replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+/, "").slice(0, 64) || "model";
}
