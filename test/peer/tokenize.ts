/**
 * The peer of the tokenizer tests: llama.cpp's own tokenizer, as a process, so that its 700 MB of
 * packages stay out of Flint's. Reads a JSON list of {text, special}, writes a JSON list of ids.
 *   deno run -A --config test/peer/deno.json test/peer/tokenize.ts MODEL.gguf < texts > ids
 */
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

interface Question {
  readonly text: string;
  readonly special: boolean;
}

const [modelPath] = Deno.args;
if (modelPath === undefined) throw new Error("usage: tokenize.ts MODEL.gguf");
const questions: Question[] = await new Response(Deno.stdin.readable).json();
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath, vocabOnly: true });
const answers = questions.map(({ text, special }) => model.tokenize(text, special));
console.log(JSON.stringify(answers));
Deno.exit(0);
