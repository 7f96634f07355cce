/** The assistant object of OpenAI's API. Fields it has no place for travel in `metadata`. */
import { FlintError } from "@flint/core";
import type { Assistant } from "../schema.ts";
import type { Format } from "./format.ts";
import { at, type Document, guessed, type Lens, lens, type Path } from "./lens.ts";
import { readFields, withOwn, writeFields } from "./lens.ts";
import { cut, languageOf, line, text } from "./tidy.ts";

/** OpenAI's own limit of a metadata value. */
const METADATA_CHARS_MAX = 512;

/** Longest description there, by the same rules. */
const DESCRIPTION_CHARS_MAX = 512;

const LENSES = withOwn([
  lens(["name"], ["name"], line(80)),
  lens(["description"], ["description"], cut(1000), cut(DESCRIPTION_CHARS_MAX)),
  lens(["instructions"], ["instructions"], text),
  lens(["sampling", "temperature"], ["temperature"]),
  lens(["sampling", "topP"], ["top_p"]),
  guessed(inMetadata(["language"]), ({ instructions }) => languageOf(String(instructions))),
], inMetadata);

/** OpenAI's assistants. */
export const openai: Format = {
  name: "openai",
  recognizes: ({ json }) => at(json, ["object"]) === "assistant",
  read({ json }) {
    const { fields, rest } = readFields(json!, LENSES);
    if (fields.instructions === undefined || fields.instructions === "") {
      throw new FlintError("bad_input", "this OpenAI assistant has no instructions");
    }
    return { ...fields, extra: { openai: rest } };
  },
  write(assistant) {
    const rest = at(assistant, ["extra", "openai"]) as Document | undefined;
    return JSON.stringify(writeFields(assistant, rest ?? newAssistant(assistant), LENSES), null, 2);
  },
};

/** A field as JSON text in one of the 16 pairs that an assistant may carry; left out if too long for it. */
function inMetadata(field: Path): Lens {
  return lens(field, ["metadata", `flint_${field.at(-1)}`], parsed, (value) => {
    const json = JSON.stringify(value);
    return json.length <= METADATA_CHARS_MAX ? json : undefined;
  });
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined; // someone else's pair
  }
}

/** The fields that the API answers with beside the manifest's. */
function newAssistant({ id, createdAt }: Assistant): Document {
  return {
    id: `asst_${id}`,
    object: "assistant",
    created_at: Math.floor(Date.parse(createdAt) / 1000),
    name: null,
    description: null,
    model: "default",
    instructions: null,
    tools: [],
    metadata: {},
    response_format: "auto",
  };
}
