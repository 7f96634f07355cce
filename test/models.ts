/** Real models for tests that need one; without the file such a test is skipped by its name. */
import fs from "node:fs";
import path from "node:path";
import { createText, type ModelText } from "../core/text/text.ts";
import { importGguf } from "../core/gguf/import.ts";
import { Metadata } from "../core/gguf/metadata.ts";
import { readModel, type SourceModel } from "../core/gguf/model.ts";
import { readGguf } from "../core/gguf/reader.ts";
import { openFileSource } from "../core/gguf/source.ts";
import { readTokenizer } from "../core/gguf/vocabulary.ts";
import type { TokenizerSpec } from "../core/flash/layout.ts";
import { BytesSource } from "./bytes_source.ts";
import { TINY_VOCABULARY, tinyModel } from "./tiny_model.ts";

/** Names of the catalog that tests ask for. */
export type TestModel = "smollm2-135m" | "qwen2.5-coder-1.5b";

/** The GGUF of a model: $FLINT_MODELS/NAME.gguf or .flint/sources/NAME.gguf, if one is there. */
export function modelFile(name: TestModel): string | undefined {
  const folders = [
    Deno.env.get("FLINT_MODELS"),
    path.join(import.meta.dirname!, "..", ".flint", "sources"),
  ];
  return folders.filter((folder) => folder !== undefined)
    .map((folder) => path.join(folder, `${name}.gguf`))
    .find((file) => fs.existsSync(file));
}

/** The imported store of a model: .flint/models/NAME, imported from its file if it is not there. */
export async function modelStore(name: TestModel): Promise<string> {
  const target = path.join(import.meta.dirname!, "..", ".flint", "models", name);
  await importGguf({ source: modelFile(name)!, target, name });
  return target;
}

/** A test on a real model, skipped where its file, or something else it needs, is missing. */
export function modelTest(
  name: TestModel,
  title: string,
  run: (file: string) => void | Promise<void>,
  missing?: string,
): void {
  const file = modelFile(name);
  const reason = file === undefined ? `no ${name}.gguf in $FLINT_MODELS` : missing;
  Deno.test({
    name: reason === undefined ? title : `${title} (skipped: ${reason})`,
    ignore: reason !== undefined,
    fn: () => run(file!),
  });
}

const texts = new Map<string, { text: ModelText; spec: TokenizerSpec }>();

/** Tokenizer and chat template of a GGUF; kept, because Qwen's takes a second to build. */
export function modelText(file: string): { text: ModelText; spec: TokenizerSpec } {
  const kept = texts.get(file);
  if (kept) return kept;
  const source = openFileSource(file);
  let model: SourceModel;
  try {
    model = readModel(source);
  } finally {
    source.close();
  }
  const { tokenizer, description } = model;
  const text = createText({ chatTemplate: description.chatTemplate ?? null }, tokenizer);
  const made = { text, spec: tokenizer };
  texts.set(file, made);
  return made;
}

/** The tiny model's vocabulary: 3 control tokens, 256 bytes, 19 merges. */
export function tinyTokenizer(): TokenizerSpec {
  const source = new BytesSource(tinyModel());
  return readTokenizer(new Metadata(readGguf(source).metadata), TINY_VOCABULARY);
}
