/** One model of an Open WebUI export (an export is a list of them). What it has no field for is in `meta.flint`. */
import { FlintError } from "@flint/core";
import type { Assistant } from "../schema.ts";
import type { Format } from "./format.ts";
import { at, type Document, guessed, type Lens, lens, type Path } from "./lens.ts";
import { readFields, withOwn, writeFields } from "./lens.ts";
import { OLLAMA_DEFAULT } from "./modelfile.ts";
import { cut, languageOf, line, list, text } from "./tidy.ts";

/** Texts that lie each in an object of their own, under `name`. */
function wrapped(field: Path, place: Path, name: string, from: (value: unknown) => unknown): Lens {
  const open = (value: unknown) =>
    Array.isArray(value) ? from(value.map((item) => at(item, [name]))) : undefined;
  return lens(field, place, open, (value) => (value as string[]).map((item) => ({ [name]: item })));
}

const INSTRUCTIONS = lens(["instructions"], ["params", "system"], text);

const LENSES = withOwn([
  INSTRUCTIONS,
  lens(["name"], ["name"], line(80)),
  lens(["description"], ["meta", "description"], cut(1000)),
  wrapped(["starters"], ["meta", "suggestion_prompts"], "content", list(8, cut(500))),
  wrapped(["tags"], ["meta", "tags"], "name", list(16, line(40))),
  lens(["sampling", "temperature"], ["params", "temperature"]),
  lens(["sampling", "topP"], ["params", "top_p"]),
  lens(["sampling", "topK"], ["params", "top_k"]),
  lens(["sampling", "minP"], ["params", "min_p"]),
  lens(["sampling", "repetitionPenalty"], ["params", "repeat_penalty"]),
  lens(["sampling", "maxTokens"], ["params", "max_tokens"]),
  guessed(inMeta(["language"]), (model) => languageOf(String(INSTRUCTIONS.read(model)))),
], inMeta);

/** Open WebUI's models. */
export const openWebUi: Format = {
  name: "open-webui",
  recognizes: ({ json }) =>
    at(json, ["params"]) !== undefined && at(json, ["meta"]) !== undefined &&
    at(json, ["config"]) === undefined,
  read({ json }) {
    const { fields, rest } = readFields(json!, LENSES);
    if (fields.instructions === undefined || fields.instructions === "") {
      throw new FlintError("bad_input", "this Open WebUI model has no usable params.system");
    }
    return { ...fields, extra: { "open-webui": rest } };
  },
  write(assistant) {
    const rest = at(assistant, ["extra", "open-webui"]) as Document | undefined;
    return JSON.stringify(writeFields(assistant, rest ?? newModel(assistant), LENSES), null, 2);
  },
};

function inMeta(field: Path): Lens {
  return lens(field, ["meta", "flint", ...field]);
}

/** The fields that Open WebUI's import asks for beside the manifest's. */
function newModel({ id, model, createdAt, updatedAt }: Assistant): Document {
  const seconds = (time: string) => Math.floor(Date.parse(time) / 1000);
  return {
    id,
    base_model_id: model === "default" ? OLLAMA_DEFAULT : model,
    name: "",
    params: {},
    meta: { description: "", capabilities: {} },
    is_active: true,
    created_at: seconds(createdAt),
    updated_at: seconds(updatedAt),
  };
}
