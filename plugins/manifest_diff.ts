/** What differs between two manifests, field by field. Pure. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { Manifest } from "./schema.ts";

/** One field that differs; `before` or `after` is left out where the field was. */
export const FieldChange = z.strictObject({
  field: z.string().meta({
    description: "Its name; parts of sampling and extra as sampling.temperature",
    examples: ["name", "sampling.temperature"],
  }),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
}).meta({ id: "FieldChange" });
export type FieldChange = z.infer<typeof FieldChange>;

/** The fields an author writes, without those that every version changes by itself. */
const FIELDS = Object.keys(Manifest.shape) as (keyof Manifest)[];
/** Fields that are told by their parts. */
const PARTED = new Set<string>(["sampling", "extra"]);

/** The author's fields in which `after` differs, in the schema's order. Lists differ as a whole. */
export function diffManifest(before: Manifest, after: Manifest): FieldChange[] {
  return FIELDS.flatMap((field) =>
    PARTED.has(field)
      ? parts(field, before[field] as Parts, after[field] as Parts)
      : change(field, before[field], after[field])
  );
}

type Parts = Readonly<Record<string, unknown>>;

function parts(field: string, before: Parts, after: Parts): FieldChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => change(`${field}.${name}`, before[name], after[name]));
}

function change(field: string, before: unknown, after: unknown): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  return [{
    field,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }];
}
