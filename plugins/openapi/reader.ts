/** Reads an API's document in a process of its own: what it costs is bounded, whatever it holds. */
import { FlintError } from "@flint/core/errors";
import { z } from "zod";
import { explain } from "../parse.ts";
import { runWalled } from "../walled.ts";
import { Reading } from "./reading.ts";

/** Longest document; GitHub's has 12 MB. */
export const DOCUMENT_BYTES_MAX = 16 << 20;
/** The program that reads it. OpenAI's 3 MB of YAML take some 4 s and 200 MB. */
const READER = {
  what: "the document",
  script: new URL("./reader_main.ts", import.meta.url),
  flags: ["--cached-only", "--deny-import"],
  heapMb: 768,
  msMax: 60_000,
  answerBytesMax: 64 << 20,
};

const Answer = z.union([
  z.strictObject({ reading: z.unknown() }),
  z.strictObject({ refused: z.string() }),
]);

/**
 * What the document comes to.
 * @throws FlintError bad_input for what is no such document or is too much to read, cancelled
 */
export async function readApi(text: string, signal?: AbortSignal): Promise<Reading> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > DOCUMENT_BYTES_MAX) {
    throw new FlintError("bad_input", `the document has more than ${DOCUMENT_BYTES_MAX} bytes`);
  }
  const run = await runWalled(READER, bytes, signal);
  if ("tooMuch" in run) {
    const most = run.tooMuch === "time" ? `${READER.msMax / 1000} s` : "the memory";
    const why = `the document takes more than ${most} that reading one may take`;
    throw new FlintError("bad_input", why);
  }
  const answer = Answer.parse(JSON.parse(run.said));
  if ("refused" in answer) throw new FlintError("bad_input", answer.refused);
  const { data, error } = Reading.safeParse(answer.reading);
  if (data) return data;
  throw new FlintError("bad_input", `the document goes beyond what Flint reads: ${explain(error)}`);
}
