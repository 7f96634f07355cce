/** Typed, checked reading of a GGUF's metadata: each getter refuses a wrong type or range by name. */
import { FlintError } from "../errors.ts";
import type { MetadataValue } from "./reader.ts";

/** Throws "bad_model" with a sentence. */
export function refuseModel(message: string): never {
  throw new FlintError("bad_model", message);
}

/** Getters over the raw map. A `fallback` of undefined makes the key mandatory. */
export class Metadata {
  readonly #values: ReadonlyMap<string, MetadataValue>;

  constructor(values: ReadonlyMap<string, MetadataValue>) {
    this.#values = values;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** A whole number in min..max. */
  integer(key: string, min: number, max: number, fallback?: number): number {
    const value = this.#values.get(key) ?? fallback;
    if (value === undefined) refuseModel(`metadata ${key} is missing: a whole number is needed`);
    const ok = typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
    return ok ? value : refuseModel(
      `metadata ${key} is ${show(value)}: a whole number of ${min} to ${max} is right`,
    );
  }

  /** A finite number in min..max. */
  number(key: string, min: number, max: number, fallback?: number): number {
    const value = this.#values.get(key) ?? fallback;
    if (value === undefined) refuseModel(`metadata ${key} is missing: a number is needed`);
    const ok = typeof value === "number" && value >= min && value <= max;
    return ok
      ? value
      : refuseModel(`metadata ${key} is ${show(value)}: a number of ${min} to ${max} is right`);
  }

  bool(key: string, fallback: boolean): boolean {
    const value = this.#values.get(key) ?? fallback;
    return typeof value === "boolean"
      ? value
      : refuseModel(`metadata ${key} is ${show(value)}: true or false is right`);
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === undefined || typeof value === "string"
      ? value
      : refuseModel(`metadata ${key} is ${show(value)}: a text is right`);
  }

  texts(key: string): readonly string[] | undefined {
    return this.#array(key, "string") as readonly string[] | undefined;
  }

  numbers(key: string): readonly number[] | undefined {
    return this.#array(key, "number") as readonly number[] | undefined;
  }

  #array(key: string, element: "string" | "number"): MetadataValue | undefined {
    const value = this.#values.get(key);
    const ok = value === undefined ||
      Array.isArray(value) && (value.length === 0 || typeof value[0] === element);
    return ok
      ? value
      : refuseModel(`metadata ${key} is ${show(value)}: a list of ${element}s is right`);
  }
}

function show(value: MetadataValue): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
