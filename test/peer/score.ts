/**
 * llama.cpp's opinion, teacher-forced: for each token of a text, the distribution of the next one.
 * usage: score.ts MODEL.gguf  < token ids as JSON  > (tokens, vocabulary) f32 probabilities
 */
import { writeSync } from "node:fs";
import { getLlama, LlamaLogLevel, type Token } from "node-llama-cpp";

/** Maps of a whole vocabulary are large: this many positions are alive at once. */
const CHUNK = 16;

const tokens: Token[] = await new Response(Deno.stdin.readable).json();
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: Deno.args[0]! });
const vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
const context = await model.createContext({ contextSize: tokens.length + CHUNK, threads: 2 });
const sequence = context.getSequence();
const whole = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const row = new Float32Array(vocabulary);
for (let at = 0; at < tokens.length; at += CHUNK) {
  const results = await sequence.controlledEvaluate(
    tokens.slice(at, at + CHUNK).map((token) => [
      token,
      { generateNext: { probabilities: true, options: whole } },
    ]),
  );
  for (const result of results) {
    row.fill(0);
    for (const [token, p] of result!.next.probabilities!) row[token] = p;
    const bytes = new Uint8Array(row.buffer);
    for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
  }
}
Deno.exit(0); // its native threads would keep the process
