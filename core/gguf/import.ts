/**
 * GGUF -> flash store, streaming: check everything, hash the source, write units in batches, find
 * where they lie, write the index. What is committed is the progress, so a killed import goes on
 * where it stopped.
 */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { FlintError } from "../errors.ts";
import { SALT_BYTES, stampUnit } from "../flash/checksum.ts";
import type { ModelCard, ScreenVectors, Unit } from "../flash/layout.ts";
import { dataFileOf, discardStore } from "../flash/data_file.ts";
import { locateUnits } from "../flash/locate.ts";
import { isReadInParts, sumPages } from "../flash/page_sums.ts";
import {
  inspectStore,
  LAYOUT_VERSION,
  openFlashStore,
  openStoreWriter,
  type StoredVectors,
  type StoreWriter,
} from "../flash/store.ts";
import { UnitFiller } from "./filler.ts";
import { readModel, type SourceModel } from "./model.ts";
import { ScreenEncoder } from "./screen.ts";
import type { NeuronLayout } from "./units.ts";
import { type ByteSource, openFileSource } from "./source.ts";

/** What to import, and where to. */
export interface ImportOptions {
  /** Path of the GGUF file. */
  readonly source: string;
  /** Folder of this model's LMDB environment; made if absent, removed again if the import fails. */
  readonly target: string;
  readonly name: string;
  /** How FFNs with true zeros lie; "clusters" is for the bench alone, to compare with. */
  readonly neurons?: NeuronLayout;
  /** Default: general.name of the file, else `name`. */
  readonly title?: string;
  /** Default: general.license of the file. */
  readonly license?: string;
  /** Work done and in all, in bytes over all passes. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops with "cancelled"; what is written stays, and the next import goes on from there. */
  readonly signal?: AbortSignal;
}

/** Bytes of units committed in one transaction; two batches are in memory. */
const BATCH_BYTES = 16 << 20;
/** Bytes hashed between two looks at the signal. */
const HASH_BYTES = 4 << 20;
/** Room for LMDB's tree and lock file beside units and index. */
const DISK_MARGIN_BYTES = 16 << 20;

/** A source that was checked, and what is to become of it. */
interface Job {
  readonly options: ImportOptions;
  readonly source: ByteSource;
  readonly model: SourceModel;
  readonly sha256: string;
  readonly step: Step;
}

/** Notes that `bytes` more are done; lets other work run; throws "cancelled". */
type Step = (bytes: number) => Promise<void>;

/**
 * Imports a model; resolves to its card, at once if the same file was imported before. Throws
 * FlintError: "bad_model" (file refused), "over_budget" (disk too small), "conflict" (the folder
 * holds another complete model), "not_found", "cancelled". Only "cancelled" leaves anything behind.
 */
export async function importGguf(options: ImportOptions): Promise<ModelCard> {
  const source = openFileSource(options.source);
  try {
    const model = readModel(source, options.neurons);
    const started = await inspectStore(options.target);
    if (!started?.complete) checkDisk(options.target, model);
    const step = stepper(options, source.size + 2 * model.unitBytes);
    const sha256 = await hashSource(source, step);
    const job = { options, source, model, sha256, step };
    const same = started?.origin?.sourceSha256 === sha256 &&
      started.origin.layoutVersion === LAYOUT_VERSION;
    if (started?.complete && same) return (await openFlashStore(options.target)).card;
    if (started?.complete) {
      throw new FlintError(
        "conflict",
        `${options.target} holds another model already: remove it or choose another name`,
      );
    }
    if (started && !same) discardStore(options.target);
    return await writeStore(job);
  } finally {
    source.close();
  }
}

/** Writes the store; cleans up after any failure but "cancelled". */
async function writeStore(job: Job): Promise<ModelCard> {
  const { target } = job.options;
  const made = !fs.existsSync(target);
  try {
    await fillStore(job);
    return (await openFlashStore(target)).card;
  } catch (error) {
    if (error instanceof FlintError && error.code === "cancelled") throw error;
    discardStore(target);
    if (made && fs.existsSync(target)) fs.rmdirSync(target);
    throw error;
  }
}

async function fillStore(job: Job): Promise<void> {
  const { options, model, sha256 } = job;
  const { tokenizer } = model;
  const origin = { layoutVersion: LAYOUT_VERSION, sourceSha256: sha256 };
  const salt = Uint8Array.fromHex(sha256).subarray(0, SALT_BYTES);
  const writer = await openStoreWriter(options.target, origin, model.unitBytes);
  try {
    const screen = await openScreen(job);
    await writeUnits(writer, job, salt, screen);
    const { units, pageSums } = await placeUnits(writer.dataFile, job, salt);
    const vectors = { ...model.vectors, screen: screen && stored(screen.vectors) };
    await writer.finish({ card: cardOf(job), units, tokenizer, vectors, pageSums });
  } finally {
    await writer.close();
  }
}

/** What fills the screening plane, if the model gets one. */
async function openScreen({ source, model }: Job): Promise<ScreenEncoder | undefined> {
  if (!model.units.some(({ parts }) => parts[0]!.matrix === "screen")) return undefined;
  const { head, embedding } = model.tensors;
  const norm = new Float32Array(model.vectors.outputNorm.slice().buffer);
  return await ScreenEncoder.open(source, head ?? embedding, norm);
}

function stored({ center, factors }: ScreenVectors): StoredVectors["screen"] {
  return { center: new Uint8Array(center.buffer), factors: new Uint8Array(factors.buffer) };
}

/** Writes the units that are missing: one batch is prepared while LMDB commits the one before. */
async function writeUnits(
  writer: StoreWriter,
  job: Job,
  salt: Uint8Array,
  screen: ScreenEncoder | undefined,
): Promise<void> {
  const { units, tensors } = job.model;
  const filler = new UnitFiller(job.source, tensors, { screen });
  const largest = units.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const slabs = [0, 1].map(() => new Uint8Array(BATCH_BYTES + largest));
  let next = writer.unitsDone();
  await job.step(units.slice(0, next).reduce((sum, { bytes }) => sum + bytes, 0));
  let committing = Promise.resolve();
  try {
    for (let batch = 0; next < units.length; batch++) {
      const first = next, images: Uint8Array[] = [];
      for (let used = 0; next < units.length && used < BATCH_BYTES; next++) {
        const unit = units[next]!;
        const image = slabs[batch % 2]!.subarray(used, used += unit.bytes);
        filler.fill(unit, image);
        stampUnit(image, unit.id, salt);
        images.push(image);
        await job.step(unit.bytes);
      }
      await committing;
      committing = writer.put(first, images);
      committing.catch(() => {}); // thrown where it is awaited, not before
    }
    await committing;
  } finally {
    await Promise.allSettled([committing]); // LMDB reads the images until then
  }
}

/** Where the units lie, and the sums of pages that are read without the rest of their unit. */
async function placeUnits(dataFile: string, job: Job, salt: Uint8Array) {
  const plans = job.model.units;
  const sums: Int32Array[] = plans.map(() => new Int32Array());
  const places = await locateUnits({
    dataFile,
    unitBytes: plans.map(({ bytes }) => bytes),
    salt,
    onUnit: async (id, pages) => {
      if (isReadInParts(plans[id]!)) sums[id] = sumPages(pages);
      await job.step(plans[id]!.bytes);
    },
  });
  const units = plans.map((plan, i): Unit => ({ ...plan, ...places[i]! }));
  const pageSums = Int32Array.from(sums.flatMap((some) => [...some]));
  return { units, pageSums: new Uint8Array(pageSums.buffer) };
}

function cardOf({ options, source, model, sha256 }: Job): ModelCard {
  const { title, license, chatTemplate, quantization, parameters } = model.description;
  return {
    name: options.name,
    title: options.title ?? title ?? options.name,
    architecture: model.spec.architecture,
    license: options.license ?? license ?? null,
    quantization,
    sourceSha256: sha256,
    sourceBytes: source.size,
    storeBytes: 0, // the file's size, known once it is complete
    parameters,
    chatTemplate: chatTemplate ?? null,
    spec: model.spec,
    importedAt: new Date().toISOString(),
    layoutVersion: LAYOUT_VERSION,
  };
}

async function hashSource(source: ByteSource, step: Step): Promise<string> {
  const hash = crypto.createHash("sha256");
  const buffer = new Uint8Array(HASH_BYTES);
  for (let offset = 0; offset < source.size; offset += HASH_BYTES) {
    const piece = buffer.subarray(0, Math.min(HASH_BYTES, source.size - offset));
    source.read(offset, piece);
    hash.update(piece);
    await step(piece.length);
  }
  return hash.digest("hex");
}

function checkDisk(target: string, model: SourceModel): void {
  const present = fs.statSync(dataFileOf(target), { throwIfNoEntry: false })?.size ?? 0;
  // The index holds the vocabulary about as the header does; LMDB may keep a page of slack for each value.
  const needed = model.unitBytes + 2 * model.headerBytes + DISK_MARGIN_BYTES - present;
  const { bavail, bsize } = fs.statfsSync(existingParent(target));
  if (bavail * bsize < needed) {
    throw new FlintError(
      "over_budget",
      `importing needs ${megabytes(needed)} in ${target}, ${megabytes(bavail * bsize)} are free: ` +
        "make room or choose a smaller model",
    );
  }
}

function existingParent(folder: string): string {
  let at = path.resolve(folder);
  while (!fs.existsSync(at)) at = path.dirname(at);
  return at;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

function stepper({ onProgress, signal }: ImportOptions, total: number): Step {
  let done = 0;
  return async (bytes) => {
    if (signal?.aborted) throw new FlintError("cancelled", "the import was cancelled");
    done += bytes;
    onProgress?.(Math.min(done, total), total);
    await setImmediate();
  };
}
