/**
 * An API's document as others wrote it, made one shape: JSON or YAML; OpenAPI 3.1, 3.0 or Swagger 2;
 * everything in it may be missing or of the wrong kind. Runs where a bad document harms nobody
 * (reader_main.ts).
 */
import { upgrade } from "@scalar/openapi-upgrader";
import { validate } from "@scalar/openapi-validator";
import { CORE_SCHEMA, load } from "js-yaml";
import { FlintError } from "@flint/core/errors";
import { isObject, type Json } from "../json.ts";

/** References that lead to references, at most. */
const REFERENCES_MAX = 32;
/** Faults that are told. */
const FAULTS_MAX = 10;

/** A document of OpenAPI 3.1, whatever it was. */
export class Document {
  readonly root: Json;

  constructor(root: Json) {
    this.root = root;
  }

  /** What a JSON pointer into this document leads to; undefined for nothing and for other documents. */
  at(ref: unknown): unknown {
    if (typeof ref !== "string" || !ref.startsWith("#/")) return undefined;
    let target: unknown = this.root;
    for (const part of ref.slice(2).split("/")) {
      const key = pointerKey(part);
      if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) {
        return undefined;
      }
      target = (target as Json)[key];
    }
    return target;
  }

  /** An object, through references; empty where there is none. */
  object(value: unknown): Json {
    let found = value;
    for (let i = 0; i < REFERENCES_MAX && isObject(found) && "$ref" in found; i++) {
      found = this.at(found.$ref);
    }
    return isObject(found) ? found : {};
  }
}

/** Reads the text. Faults are told, not refused: many documents in use have some. */
export async function readDocument(
  text: string,
): Promise<{ document: Document; faults: string[] }> {
  const raw = parse(text);
  if (!isObject(raw)) throw new FlintError("bad_input", "the document is no object");
  if (!("openapi" in raw) && !("swagger" in raw)) {
    throw new FlintError("bad_input", 'the document has no "openapi" or "swagger" version');
  }
  let root: Json;
  try {
    root = upgrade(raw, "3.1") as Json;
  } catch (cause) {
    throw new FlintError("bad_input", `the document can't be understood: ${cause}`, { cause });
  }
  return { document: new Document(root), faults: await faultsOf(root) };
}

function parse(text: string): unknown {
  try {
    return /^\s*[{[]/.test(text) ? JSON.parse(text) : load(text, { schema: CORE_SCHEMA });
  } catch (cause) {
    const why = (cause as Error).message.split("\n")[0];
    throw new FlintError("bad_input", `the document is neither JSON nor YAML: ${why}`, { cause });
  }
}

async function faultsOf(root: Json): Promise<string[]> {
  try {
    const { errors = [] } = await validate(structuredClone(root));
    return errors.slice(0, FAULTS_MAX).map(({ message, path }) =>
      `${[path ?? []].flat().join(".")}: ${message}`.slice(0, 500)
    );
  } catch (error) {
    return [`it can't be validated: ${error}`.slice(0, 500)];
  }
}

function pointerKey(part: string): string {
  let key = part;
  try {
    key = decodeURIComponent(part);
  } catch { /* a % that means itself */ }
  return key.replaceAll("~1", "/").replaceAll("~0", "~");
}
