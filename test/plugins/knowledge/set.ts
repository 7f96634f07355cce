/** The question set and its documents, and a library filled with them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Kv, openKv } from "@flint/core";
import {
  type Embedder,
  type Library,
  openLibrary,
  parseQuestions,
  type Question,
} from "@flint/plugins";

/** Folder of the set. */
export const SET = import.meta.dirname!;
const DOCUMENTS = join(SET, "documents");

/** All questions, or those of one half. */
export function questions(half?: "tuning" | "test"): Question[] {
  const { questions } = parseQuestions(readFileSync(join(SET, "questions.json"), "utf8"));
  return questions.filter((question) => half === undefined || question.half === half);
}

/** The documents as files to add. */
export function files() {
  return readdirSync(DOCUMENTS).sort().map((name) => ({
    name,
    bytes: () => Deno.readFile(join(DOCUMENTS, name)),
  }));
}

/** A library that holds all documents as "set", in a store of its own. */
export async function filledLibrary(
  folder: string,
  embedder?: Embedder,
): Promise<{ kv: Kv; library: Library }> {
  const kv = openKv(folder);
  const library = openLibrary({ kv, ...(embedder && { embedder }) });
  await library.create({ id: "set", name: "The set" }).catch(() => {});
  for await (const event of library.add("set", files())) {
    if (event.type === "failed") throw new Error(`${event.name}: ${event.message}`);
  }
  return { kv, library };
}
