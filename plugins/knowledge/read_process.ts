/**
 * The process that reads one file: its bytes come on standard input, what was read leaves as JSON on
 * standard output. This thread only watches the memory, for the other is busy with what may be a bomb.
 */
import type { ReadJob, ReadResult, WalledKind } from "./read_worker.ts";

/** Resident bytes of this process, some 120 MB of which are the runtime's own. */
const RESIDENT_BYTES_MAX = 1 << 30;
const WATCH_MS = 50;
/** Exit code that says so. */
const TOO_LARGE = 71;

setInterval(() => {
  if (Deno.memoryUsage().rss > RESIDENT_BYTES_MAX) Deno.exit(TOO_LARGE);
}, WATCH_MS);

const worker = new Worker(new URL("./read_worker.ts", import.meta.url), {
  type: "module",
  deno: { permissions: "none" },
});
worker.onmessage = async ({ data }: MessageEvent<ReadResult>) => {
  await new Blob([JSON.stringify(data)]).stream().pipeTo(Deno.stdout.writable);
  Deno.exit(0);
};
worker.onerror = (event) => {
  event.preventDefault();
  Deno.exit(1);
};
const bytes = new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
const job: ReadJob = { kind: Deno.args[0] as WalledKind, bytes };
worker.postMessage(job, [bytes.buffer]);
