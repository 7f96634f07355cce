/** Files of assistants as they lie on disk or arrive: a text, a list of several, or a PNG with a card. */
import { FlintError } from "@flint/core";
import { checkPlain } from "../parse.ts";
import type { Assistant } from "../schema.ts";
import { asV2 } from "./card.ts";
import { exportAssistant, FORMATS, importAssistant, type Imported } from "./format.ts";
import { drawPng, isPng, readTexts, withTexts } from "./png.ts";

/** Large pictures of cards have some 5 MB. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Assistants of one list. */
const LIST_MAX = 500;

/** Names that `exportFile` takes: those of the text formats, and "png". */
export const FILE_FORMATS: readonly string[] = [...FORMATS.keys(), "png"];

/** An assistant written to a file. */
export interface ExportedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Media type. */
  readonly type: string;
  /** A name for the file, with its ending. */
  readonly name: string;
}

/** Keywords of cards in PNGs: V3 first, which some apps write beside a V2 of the same character. */
const CARDS = ["ccv3", "chara"] as const;

/**
 * The assistants in a file. `name`, that of the file, is for formats that have none.
 * Throws FlintError "bad_input" with the reason; of a list, with the place of what is wrong.
 */
export function importFile(file: Uint8Array, name: string): Imported[] {
  if (file.length > FILE_BYTES_MAX) {
    throw refusal(`the file has ${file.length} bytes, more than the ${FILE_BYTES_MAX} allowed`);
  }
  const stem = name.replace(/\.[^.]*$/, "") || name;
  if (isPng(file)) return [{ ...importAssistant(cardOf(file), stem), format: "png" }];
  const text = textOf(file);
  return /^\s*\[/.test(text) ? fromList(text, stem) : [importAssistant(text, stem)];
}

/** Writes an assistant as a file of one of FILE_FORMATS. A PNG carries the card in `picture` or a plain one. */
export function exportFile(
  assistant: Assistant,
  format: string,
  picture?: Uint8Array,
): ExportedFile {
  const { id } = assistant;
  if (format === "png") {
    return { bytes: asPng(assistant, picture), type: "image/png", name: `${id}.png` };
  }
  const text = exportAssistant(assistant, format);
  const whole = format === "open-webui" ? `[${text}]` : text; // its import takes lists alone
  const bytes = new TextEncoder().encode(whole);
  return format === "modelfile"
    ? { bytes, type: "text/plain; charset=utf-8", name: `${id}.modelfile` }
    : { bytes, type: "application/json", name: `${id}.json` };
}

function fromList(text: string, name: string): Imported[] {
  const list = listOf(text);
  if (list.length === 0 || list.length > LIST_MAX) {
    throw refusal(`the list has ${list.length} items: 1 to ${LIST_MAX} may be`);
  }
  return list.map((item, i) => {
    checkPlain(item); // before stringify, which would overflow on what is nested without end
    try {
      return importAssistant(JSON.stringify(item), name);
    } catch (error) {
      if (!(error instanceof FlintError)) throw error;
      throw new FlintError(error.code, `item ${i + 1}: ${error.message}`, { cause: error });
    }
  });
}

function listOf(text: string): unknown[] {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal(`the file begins as JSON and is none: ${cause}`, cause);
  }
}

function cardOf(png: Uint8Array): string {
  const texts = readTexts(png, new Set(CARDS));
  const found = CARDS.map((keyword) => texts.get(keyword)).find((text) => text !== undefined);
  if (found === undefined) throw refusal("this PNG is a picture without a character card in it");
  return found.trimStart().startsWith("{") ? found : textOf(fromBase64(found));
}

function asPng(assistant: Assistant, picture?: Uint8Array): Uint8Array<ArrayBuffer> {
  if (picture && !isPng(picture)) throw refusal("the picture is no PNG file");
  const card = exportAssistant(assistant, "card");
  const v2 = asV2(card);
  const texts = new Map([["chara", toBase64(v2)]]);
  if (v2 !== card) texts.set("ccv3", toBase64(card));
  const bare = picture ?? drawPng(assistant.id);
  return withTexts(bare, texts, new Set(CARDS));
}

const toBase64 = (text: string): string => new TextEncoder().encode(text).toBase64();

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch (cause) {
    throw refusal("the card in this PNG is not base64", cause);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refusal("the file is neither UTF-8 text nor a PNG", cause);
  }
}

function refusal(why: string, cause?: unknown): FlintError {
  return new FlintError("bad_input", why, { cause });
}
