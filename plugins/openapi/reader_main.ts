/**
 * The process that reads a stranger's document (standard input) and tells what it comes to
 * (standard output, JSON). It has no leave for anything, little memory and little time, so that the
 * worst document ends nothing but this process (reader.ts).
 */
import { FlintError } from "@flint/core/errors";
import { readDocument } from "./document.ts";
import { readOperations } from "./operations.ts";

async function read(text: string): Promise<unknown> {
  try {
    const { document, faults } = await readDocument(text);
    return { reading: readOperations(document, faults) };
  } catch (error) {
    if (error instanceof FlintError) return { refused: error.message.slice(0, 1000) };
    throw error;
  }
}

const answer = await read(await new Response(Deno.stdin.readable).text());
await new Blob([JSON.stringify(answer)]).stream().pipeTo(Deno.stdout.writable);
