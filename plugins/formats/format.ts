/** The formats that assistants come in and leave by. */
import { FlintError } from "@flint/core";
import { isObject } from "../json.ts";
import { checkPlain, parse } from "../parse.ts";
import { type Assistant, AssistantDraft } from "../schema.ts";
import { card, cardV1 } from "./card.ts";
import { gpt } from "./gpt.ts";
import { type Document } from "./lens.ts";
import { lobe } from "./lobe.ts";
import { modelfile } from "./modelfile.ts";
import { openai } from "./openai.ts";
import { openWebUi } from "./open_webui.ts";

/** A file's text, and the JSON object it is, if it is one. */
export interface Content {
  readonly text: string;
  readonly json: Document | undefined;
}

/** One way to write an assistant down. Reading keeps what a manifest has no field for in `extra`. */
export interface Format {
  readonly name: string;
  /** Whether a file's content is meant to be of this format. */
  recognizes(content: Content): boolean;
  /** Throws FlintError "bad_input" saying what is missing. The result is still to be checked. */
  read(content: Content): Document;
  write(assistant: Assistant): string;
}

/** By name, as `flint export --as NAME` says it; the first that recognizes a file reads it. */
export const FORMATS: ReadonlyMap<string, Format> = new Map(
  [card, lobe, openai, openWebUi, gpt, modelfile, cardV1].map((format) => [format.name, format]),
);

/** An assistant as read from a file. */
export interface Imported {
  readonly format: string;
  readonly draft: AssistantDraft;
}

/** Four times the largest agent or card text met so far; a lorebook can be long. */
const FILE_CHARS_MAX = 1_000_000;

/**
 * Reads an assistant in any of the formats. `name` (a file's, say) is for formats that have none.
 * Throws FlintError "bad_input" with the reason.
 */
export function importAssistant(text: string, name: string): Imported {
  const content = contentOf(text);
  const format = [...FORMATS.values()].find((format) => format.recognizes(content));
  if (!format) {
    const known = [...FORMATS.keys()].join(", ");
    throw new FlintError("bad_input", `this is no assistant in a format Flint knows (${known})`);
  }
  const fields = format.read(content);
  const draft = parse(AssistantDraft, { name, ...fields });
  refuseMarkup("name", draft.name);
  draft.tags?.forEach((tag) => refuseMarkup("a tag", tag));
  return { format: format.name, draft };
}

/** Pages escape every text; a name with tags in it is still a try at someone's page, and no name. */
function refuseMarkup(field: string, text: string): void {
  if (!/<\/?[a-z][^<>]*>|javascript:/i.test(text)) return;
  throw new FlintError("bad_input", `${field} has markup in it: ${JSON.stringify(text)}`);
}

/** Writes an assistant in one of the formats. */
export function exportAssistant(assistant: Assistant, name: string): string {
  const format = FORMATS.get(name);
  if (format) return format.write(assistant);
  const known = [...FORMATS.keys()].join(", ");
  throw new FlintError("bad_input", `there is no format "${name}"; there are ${known}`);
}

function contentOf(text: string): Content {
  if (text.length > FILE_CHARS_MAX) {
    const size = `${text.length} characters`;
    throw new FlintError(
      "bad_input",
      `the file has ${size}, more than the ${FILE_CHARS_MAX} allowed`,
    );
  }
  const clean = text.replace(/^\ufeff/, "");
  if (!/^\s*[{[]/.test(clean)) return { text: clean, json: undefined };
  const json = jsonOf(clean);
  checkPlain(json);
  return { text: clean, json: isObject(json) ? json : undefined };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FlintError("bad_input", `the file begins as JSON and is none: ${cause}`, { cause });
  }
}
