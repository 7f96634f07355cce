/** Schemas out of a document, whole, with what they refer to. */
import { isObject, PROTOTYPE_KEYS } from "../json.ts";
import type { Document } from "./document.ts";

/** Schemas that operations refer to, by name. */
export type Defs = Record<string, unknown>;

const DEEP_MAX = 64;
/** Carries schemas over into a reading; each reference's target is carried once. */
export class SchemaCarrier {
  readonly defs: Defs = {};
  readonly #document: Document;
  readonly #names = new Map<string, string>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** The schema with its references led to `defs`; what leads nowhere or elsewhere allows anything. */
  carry(schema: unknown, deep = 0): unknown {
    if (deep > DEEP_MAX) return {};
    if (Array.isArray(schema)) return schema.map((part) => this.carry(part, deep + 1));
    if (!isObject(schema)) return schema;
    const carried: [string, unknown][] = [];
    for (const [word, value] of Object.entries(schema)) {
      if (UNUSED.has(word) || word.startsWith("x-")) continue;
      if (word === "$ref") {
        const name = this.#named(value);
        if (name !== undefined) carried.push(["$ref", `#/$defs/${name}`]);
      } else if (MAPS.has(word) && isObject(value)) {
        const entries = Object.entries(value).filter(([key]) => !PROTOTYPE_KEYS.has(key))
          .map(([key, part]) => [key, this.carry(part, deep + 1)]);
        carried.push([word, Object.fromEntries(entries)]);
      } else if (VALUES.has(word)) carried.push([word, value]);
      else carried.push([word, this.carry(value, deep + 1)]);
    }
    return Object.fromEntries(carried);
  }

  #named(ref: unknown): string | undefined {
    const target = this.#document.at(ref);
    if (!isObject(target) && typeof target !== "boolean") return undefined;
    const known = this.#names.get(ref as string);
    if (known !== undefined) return known;
    const last = (ref as string).split("/").at(-1)!.replace(/[^\w.-]/g, "_").slice(0, 60);
    let name = last || "schema";
    for (let i = 2; Object.hasOwn(this.defs, name); i++) name = `${last}_${i}`;
    this.#names.set(ref as string, name);
    this.defs[name] = true; // taken, before what it refers to asks for names
    this.defs[name] = typeof target === "boolean" ? target : this.carry(target);
    return name;
  }
}

/** Words that nothing here is held to: checking leaves some out (schema_check.ts), the others say nothing. */
const UNUSED = new Set(
  ("pattern patternProperties example examples xml externalDocs discriminator $id $schema $anchor " +
    "$dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor $vocabulary $comment if then else " +
    "$defs definitions readOnly writeOnly deprecated title nullable contentSchema " +
    "unevaluatedProperties unevaluatedItems dependentSchemas")
    .split(" "),
);
const MAPS = new Set(["properties"]);
const VALUES = new Set(["enum", "const", "default", "required", "type"]);
