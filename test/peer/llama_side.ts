/**
 * llama.cpp's side of the bench, as a process that can be capped: weights by mmap, its default.
 * SideTask as its argument, JSON out. One context for each case, as a fresh chat would have.
 */
import { getLlama, LlamaChat, LlamaLogLevel, resolveChatWrapper } from "node-llama-cpp";
import type { BenchResult, SideTask } from "../bench/cases.ts";

const task: SideTask = JSON.parse(Deno.args[0]!);
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: task.model, useMmap: true });
const results: BenchResult[] = [];
for (const one of task.cases) {
  const context = await model.createContext({ contextSize: 1024, threads: 2 });
  const chat = new LlamaChat({
    contextSequence: context.getSequence(),
    chatWrapper: resolveChatWrapper(model),
  });
  const start = performance.now();
  let first = 0, tokens = 0, text = "";
  await chat.generateResponse(
    one.messages.map(({ role, content }) =>
      role === "system" ? { type: "system", text: content } : { type: "user", text: content }
    ),
    {
      temperature: 0,
      maxTokens: one.maxTokens,
      onToken: (some) => {
        first ||= performance.now();
        tokens += some.length;
      },
      onTextChunk: (chunk) => text += chunk,
    },
  );
  const seconds = (performance.now() - first) / 1000;
  results.push({
    case: one.name,
    tokens,
    firstTokenMs: first - start,
    tokensPerSecond: (tokens - 1) / seconds,
    text,
  });
  await context.dispose();
}
console.log(JSON.stringify(results));
Deno.exit(0); // its native threads would keep the process
