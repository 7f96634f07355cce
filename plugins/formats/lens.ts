/**
 * Foreign documents both ways: a lens says which field of the manifest lies where. What lenses do
 * not carry, or would not give back as it was, stays in the rest, so that an export loses nothing.
 */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { isObject } from "../json.ts";
import { Assistant, ASSISTANT_DEFAULTS, Manifest, Sampling } from "../schema.ts";

/** A JSON object. */
export type Document = Record<string, unknown>;
/** Names from the outermost object inwards; ours, never a document's. */
export type Path = readonly string[];

/** One field of the manifest in one kind of document. */
export interface Lens {
  readonly field: Path;
  /** Where it lies, to be cleared once read; together they are this lens's alone. */
  readonly places: readonly Path[];
  /** The field's value; undefined if there is none that a manifest can have. */
  read(document: Document): unknown;
  /** Puts the field's value (undefined: none) in its places. */
  write(document: Document, value: unknown): void;
}

/** A lens on one place. `from` makes what lies there a field's value, `to` the other way. */
export function lens(
  field: Path,
  place: Path,
  from: (value: unknown) => unknown = (value) => value,
  to: (value: unknown) => unknown = (value) => value,
): Lens {
  return {
    field,
    places: [place],
    read: (document) => accepted(field, from(at(document, place))),
    write: (document, value) => put(document, place, value === undefined ? undefined : to(value)),
  };
}

/** The same lens where a missing value is guessed; what is there stays there, so guesses never replace it. */
export function guessed(lens: Lens, guess: (document: Document) => unknown): Lens {
  return { ...lens, places: [], read: (document) => lens.read(document) ?? guess(document) };
}

/** The lenses and, on every field of a manifest that they leave out, one that `own` makes. */
export function withOwn(lenses: readonly Lens[], own: (field: Path) => Lens): Lens[] {
  const taken = new Set(lenses.map(({ field }) => field.join(".")));
  const inSampling = Object.keys(Sampling.shape).map((name) => ["sampling", name]);
  const isSplit = inSampling.some((field) => taken.has(field.join(".")));
  const fields = Object.keys(Manifest.shape).filter((name) => name !== "extra")
    .flatMap((name) => name === "sampling" && isSplit ? inSampling : [[name]]);
  return [...lenses, ...fields.filter((field) => !taken.has(field.join("."))).map(own)];
}

/** The fields that a document has, and what is left of it without them. */
export function readFields(document: Document, lenses: readonly Lens[]) {
  const fields: Document = {};
  const rest = structuredClone(document);
  for (const lens of lenses) {
    const value = lens.read(document);
    if (value === undefined) continue;
    put(fields, lens.field, value);
    if (isDeepStrictEqual(value, defaultOf(lens.field)) || !givesBack(lens, value, document)) {
      continue;
    }
    for (const place of lens.places) put(rest, place, undefined);
  }
  return { fields, rest };
}

/** The document that `rest` is left of, with the fields as the assistant has them now. */
export function writeFields(
  assistant: Assistant,
  rest: Document,
  lenses: readonly Lens[],
): Document {
  const document = structuredClone(rest);
  for (const lens of lenses) {
    const value = at(assistant, lens.field);
    const kept = lens.read(document) ?? defaultOf(lens.field);
    if (!isDeepStrictEqual(value, kept)) lens.write(document, value);
  }
  return document;
}

/** What lies at `path`; undefined where nothing does. */
export function at(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, name) => isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined,
    document,
  );
}

/** Puts a value at `path`, with the objects that lead there; undefined removes what lies there. */
export function put(document: Document, path: Path, value: unknown): void {
  const [name, ...inner] = path;
  if (inner.length > 0) {
    if (value === undefined && !isObject(document[name!])) return;
    if (!isObject(document[name!])) document[name!] = {};
    put(document[name!] as Document, inner, value);
  } else if (value === undefined) delete document[name!];
  else document[name!] = value;
}

/** The value, if the manifest's schema takes it for this field; undefined if not. */
export function accepted(field: Path, value: unknown): unknown {
  const [first, second] = field as [keyof Assistant, keyof Sampling | undefined];
  const schema: z.ZodType = second ? Sampling.shape[second] : Assistant.shape[first];
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function givesBack(lens: Lens, value: unknown, document: Document): boolean {
  const copy: Document = {};
  lens.write(copy, value);
  return lens.places.every((place) => isDeepStrictEqual(at(copy, place), at(document, place)));
}

function defaultOf(field: Path): unknown {
  return at(ASSISTANT_DEFAULTS, field);
}
