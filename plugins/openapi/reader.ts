/** Reads an API's document in a process of its own: what it costs is bounded, whatever it holds. */
import { FlintError } from "@flint/core/errors";
import { z } from "zod";
import { explain } from "../parse.ts";
import { whole } from "../tools/web.ts";
import { Reading } from "./reading.ts";

/** Longest document; GitHub's has 12 MB. */
export const DOCUMENT_BYTES_MAX = 16 << 20;
/** OpenAI's 3 MB of YAML take some 4 s and 200 MB. */
const READ_MS_MAX = 60_000, HEAP_MB = 768;
/** Longest answer of the process. */
const READING_BYTES_MAX = 64 << 20;

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
  const said = await run(bytes, signal);
  const answer = Answer.parse(JSON.parse(said));
  if ("refused" in answer) throw new FlintError("bad_input", answer.refused);
  const { data, error } = Reading.safeParse(answer.reading);
  if (data) return data;
  throw new FlintError("bad_input", `the document goes beyond what Flint reads: ${explain(error)}`);
}

async function run(bytes: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<string> {
  const late = new AbortController(), limit = late.signal;
  const child = start(signal ? AbortSignal.any([signal, limit]) : limit);
  const timer = setTimeout(() => late.abort(), READ_MS_MAX);
  // It may end before it has read everything.
  const fed = new Blob([bytes]).stream().pipeTo(child.stdin).catch(() => {});
  const [said, { success }] = await Promise.all([heard(child), child.status, fed]);
  clearTimeout(timer);
  if (signal?.aborted) throw new FlintError("cancelled", "reading the document was cancelled");
  if (success && said !== undefined) return said;
  const why = limit.aborted ? `${READ_MS_MAX / 1000} s` : "the memory";
  throw new FlintError(
    "bad_input",
    `the document takes more than ${why} that reading one may take`,
  );
}

function start(signal: AbortSignal): Deno.ChildProcess {
  const script = new URL("./reader_main.ts", import.meta.url).href;
  const flags = ["--quiet", "--no-prompt", "--cached-only", "--deny-import"];
  return new Deno.Command("deno", {
    args: ["run", ...flags, `--v8-flags=--max-old-space-size=${HEAP_MB}`, script],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    signal,
  }).spawn();
}

/** All that it says; undefined, and its end, when that is too much. */
async function heard(child: Deno.ChildProcess): Promise<string | undefined> {
  let bytes = 0;
  const counted = child.stdout.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, out) {
        bytes += piece.length;
        if (bytes <= READING_BYTES_MAX) out.enqueue(piece);
        else child.kill("SIGKILL");
      },
    }),
  );
  const said = new TextDecoder().decode(await whole(counted));
  return bytes <= READING_BYTES_MAX ? said : undefined;
}
