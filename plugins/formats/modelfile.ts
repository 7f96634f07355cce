/** Ollama's Modelfile. What it has no command for travels in a comment: `# flint {...}`. */
import { FlintError } from "@flint/core";
import { isObject } from "../json.ts";
import { checkPlain } from "../parse.ts";
import type { Assistant } from "../schema.ts";
import type { Format } from "./format.ts";
import { at, type Document, guessed, type Lens, lens, type Path, put } from "./lens.ts";
import { readFields, withOwn, writeFields } from "./lens.ts";
import { type Command, parseModelfile, printCommand, quote } from "./modelfile_syntax.ts";
import { languageOf, text } from "./tidy.ts";

/** Ollama's name of the model that Flint brings along. */
export const OLLAMA_DEFAULT = "qwen2.5-coder:1.5b";

/** What SYSTEM can't say word for word is said nearly, and exactly in the comment. */
const INSTRUCTIONS: Lens = {
  field: ["instructions"],
  places: [["system"], ["flint", "instructions"]],
  read: (file) => text(at(file, ["flint", "instructions"]) ?? last(file.system)),
  write(file, value) {
    const exact = quote(String(value)) !== undefined;
    file.system = [exact ? value : String(value).replaceAll('"', "'")];
    put(file, ["flint", "instructions"], exact ? undefined : value);
  },
};

const LENSES = withOwn([
  INSTRUCTIONS,
  parameter("temperature", "temperature"),
  parameter("topP", "top_p"),
  parameter("topK", "top_k"),
  parameter("minP", "min_p"),
  parameter("repetitionPenalty", "repeat_penalty"),
  parameter("maxTokens", "num_predict"),
  guessed(inComment(["language"]), (file) => languageOf(String(INSTRUCTIONS.read(file)))),
], inComment);

/** Modelfiles. */
export const modelfile: Format = {
  name: "modelfile",
  recognizes: ({ json, text }) => json === undefined && /^[ \t]*from[ \t]+\S/im.test(text),
  read({ text }) {
    const { fields, rest } = readFields(documentOf(parseModelfile(text)), LENSES);
    if (fields.instructions === undefined || fields.instructions === "") {
      throw new FlintError(
        "bad_input",
        "this Modelfile has no SYSTEM text to instruct an assistant",
      );
    }
    return { ...fields, extra: { modelfile: rest } };
  },
  write(assistant) {
    const rest = at(assistant, ["extra", "modelfile"]) as Document | undefined;
    return printed(writeFields(assistant, rest ?? newFile(assistant), LENSES));
  },
};

/** Commands by name, in lists; parameters by their names; the `flint` comment as what it says. */
function documentOf(commands: readonly Command[]): Document {
  const file: Document = {};
  for (const { name, key, value } of commands) {
    if (key !== undefined) checkPlain({ [key]: value });
    const own = name === "comment" ? ownComment(value) : undefined;
    if (own) file.flint = own;
    else if (name === "parameter") put(file, [name, key!], [...listAt(file, [name, key!]), value]);
    else put(file, [name], [...listAt(file, [name]), key === undefined ? value : [key, value]]);
  }
  checkPlain(file);
  return file;
}

function printed({ flint, parameter, comment, ...rest }: Document): string {
  const commands: Command[] = [];
  if (isObject(flint) && Object.keys(flint).length > 0) {
    commands.push({ name: "comment", value: `flint ${JSON.stringify(flint)}` });
  }
  const named = (name: string, values: unknown, key?: string) => {
    for (const value of values as (string | [string, string])[]) {
      if (typeof value === "string") {
        commands.push({ name, value, ...(key === undefined ? {} : { key }) });
      } else commands.push({ name, key: value[0], value: value[1] });
    }
  };
  named("comment", comment ?? []);
  for (const [name, values] of Object.entries(rest)) named(name, values);
  for (const [key, values] of Object.entries(parameter ?? {})) named("parameter", values, key);
  return commands.map((command) => printCommand(command)).join("\n") + "\n";
}

function parameter(field: string, name: string): Lens {
  const from = (values: unknown) => Number.parseFloat(String(last(values)));
  return lens(["sampling", field], ["parameter", name], from, (value) => [String(value)]);
}

function inComment(field: Path): Lens {
  return lens(field, ["flint", ...field]);
}

function ownComment(comment: string): Document | undefined {
  if (!comment.startsWith("flint {")) return undefined;
  try {
    return JSON.parse(comment.slice("flint ".length));
  } catch {
    return undefined; // a comment like others
  }
}

function listAt(file: Document, path: Path): unknown[] {
  const list = at(file, path);
  return Array.isArray(list) ? list : [];
}

function last(values: unknown): unknown {
  return Array.isArray(values) ? values.at(-1) : undefined;
}

/** FROM is the one command that must be there. */
function newFile({ model }: Assistant): Document {
  return { from: [model === "default" ? OLLAMA_DEFAULT : model] };
}
