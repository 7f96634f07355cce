/**
 * What real API documents cost to read, and what they come to.
 *
 *   deno task bench openapi
 */
import { join } from "node:path";
import { readApi } from "../../plugins/openapi/reader.ts";
import { sharedData } from "../shared_data.ts";

const ROUNDS = 3;

/** Prints a line a document: bytes, tools, best time of three (a process each, its start included). */
export async function benchOpenApi(): Promise<void> {
  const data = sharedData();
  if (!data) return console.log("skipped: no ../shared/data/openapi (or FLINT_TEST_DATA)");
  const folder = join(data, "openapi");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  console.log("| document | KB | tools | largest schema for a model, characters | ms |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const name of names) {
    const text = await Deno.readTextFile(join(folder, name));
    const times: number[] = [];
    let tools = 0, largest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      const { operations } = await readApi(text);
      times.push(performance.now() - began);
      tools = operations.length;
      largest = Math.max(...operations.map(({ plain }) => JSON.stringify(plain).length));
    }
    const ms = Math.round(Math.min(...times));
    console.log(`| ${name} | ${Math.round(text.length / 1000)} | ${tools} | ${largest} | ${ms} |`);
  }
}
