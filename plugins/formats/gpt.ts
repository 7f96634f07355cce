/**
 * The configuration of a GPT: flat, as people write it down from the builder's form, or nested in a
 * `gizmo`, as ChatGPT's own pages load it. What it has no field for is in `flint`.
 */
import { FlintError } from "@flint/core";
import { isObject } from "../json.ts";
import type { Format } from "./format.ts";
import { at, type Document, guessed, type Lens, lens, type Path } from "./lens.ts";
import { readFields, withOwn, writeFields } from "./lens.ts";
import { cut, languageOf, line, list, text } from "./tidy.ts";

/** Where a GPT's own four fields lie. */
interface Shape {
  readonly name: Path;
  readonly description: Path;
  readonly instructions: Path;
  readonly starters: Path;
}

const GIZMO: Shape = {
  name: ["gizmo", "display", "name"],
  description: ["gizmo", "display", "description"],
  instructions: ["gizmo", "instructions"],
  starters: ["gizmo", "display", "prompt_starters"],
};

/** As the form of the builder calls them; people also write ChatGPT's inner name of the starters. */
const FLAT: Shape = {
  name: ["name"],
  description: ["description"],
  instructions: ["instructions"],
  starters: ["conversation_starters"],
};

/** GPTs' configurations. */
export const gpt: Format = {
  name: "gpt",
  recognizes: ({ json }) =>
    isObject(at(json, ["gizmo"])) ||
    (typeof at(json, ["instructions"]) === "string" && at(json, ["object"]) === undefined),
  read({ json }) {
    const { fields, rest } = readFields(json!, lensesOf(json!));
    if (fields.instructions === undefined || fields.instructions === "") {
      throw new FlintError("bad_input", "this GPT has no usable instructions");
    }
    return { ...fields, extra: { gpt: rest } };
  },
  write(assistant) {
    const rest = (at(assistant, ["extra", "gpt"]) ?? {}) as Document;
    return JSON.stringify(writeFields(assistant, rest, lensesOf(rest)), null, 2);
  },
};

function lensesOf(document: Document): Lens[] {
  const shape = isObject(document.gizmo) ? GIZMO : FLAT;
  const instructions = lens(["instructions"], shape.instructions, text);
  return withOwn([
    lens(["name"], shape.name, line(80)),
    lens(["description"], shape.description, cut(1000)),
    instructions,
    startersOf(document, shape),
    guessed(inFlint(["language"]), (config) => languageOf(String(instructions.read(config)))),
  ], inFlint);
}

/** ChatGPT's name of the starters is left standing in the rest, so that they go back under it. */
function startersOf(document: Document, shape: Shape): Lens {
  const inner = shape === FLAT && Object.hasOwn(document, "prompt_starters");
  const place = inner ? ["prompt_starters"] : shape.starters;
  const starters = lens(["starters"], place, list(8, cut(500)));
  return inner ? { ...starters, places: [] } : starters;
}

function inFlint(field: Path): Lens {
  return lens(field, ["flint", ...field]);
}
