/** llama.cpp's next-token distributions, row by row, from the process in score.ts. */
import { assert } from "../../core/errors.ts";
import fs from "node:fs";
import path from "node:path";

const PEER = import.meta.dirname!;

/** Whether llama.cpp is there: `deno install --config test/peer/deno.json` brings it. */
export function peerInstalled(): boolean {
  return fs.existsSync(path.join(PEER, "node_modules", "node-llama-cpp"));
}

/**
 * Yields a row (vocabulary) of probabilities for each token; the row is overwritten by the next.
 * @throws when the peer ends early: its words are on stderr
 */
export async function* peerOpinion(
  gguf: string,
  tokens: readonly number[],
  vocabulary: number,
): AsyncGenerator<Float32Array, void, void> {
  const peer = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `--config=${PEER}/deno.json`, path.join(PEER, "score.ts"), gguf],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const questions = peer.stdin.getWriter();
  await questions.write(new TextEncoder().encode(JSON.stringify(tokens)));
  await questions.close();
  const row = new Float32Array(vocabulary);
  const bytes = new Uint8Array(row.buffer);
  let rows = 0, filled = 0;
  for await (let piece of peer.stdout) {
    while (piece.length > 0) {
      const taken = piece.subarray(0, bytes.length - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      piece = piece.subarray(taken.length);
      if (filled < bytes.length) continue;
      filled = 0;
      rows++;
      yield row;
    }
  }
  await peer.status;
  assert(rows === tokens.length, `llama.cpp answered ${rows} of ${tokens.length} positions`);
}
