/**
 * The core against llama.cpp, teacher-forced, on texts that nobody here wrote or tuned to. What
 * separates two right implementations is the rounding of int8 activations and f16 attention:
 * llama.cpp with and without flash attention agrees with itself on 94.9-98.4 % of these tokens.
 */
import assert from "node:assert/strict";
import { openEngine } from "../../core/engine.ts";
import type { Engine } from "../../core/run/api.ts";
import { peerOpinion } from "../peer/opinion.ts";
import { modelFile, modelStore, type TestModel } from "../models.ts";
import { sharedData } from "../shared_data.ts";

const TOKENS = 512;

/** API documents: English prose, identifiers, YAML; the same number of tokens from each. */
function texts(folder: string): string[] {
  return [
    ["openai.yaml", 20_000],
    ["twilio-verify.json", 9_000],
    ["oai-uspto.yaml", 0],
    ["discord.json", 60_000],
  ].map(([file, from]) =>
    Deno.readTextFileSync(`${folder}/openapi/${file}`).slice(from as number, from as number + 4_000)
  );
}

interface Agreement {
  tokens: number;
  /** Mean Kullback-Leibler divergence of ours from llama.cpp's, nats. */
  kl: number;
  /** Share of positions whose likeliest token is the same. */
  top1: number;
}

async function compare(
  engine: Engine,
  gguf: string,
  tokens: readonly number[],
): Promise<Agreement> {
  const peer = peerOpinion(gguf, tokens, engine.text.vocabulary);
  const sum = { tokens: 0, kl: 0, top1: 0 };
  for await (const logits of engine.score(tokens)) {
    const { value: p } = await peer.next();
    const logSum = logSumExp(logits);
    let best = 0, bestPeer = 0;
    for (let i = 0; i < logits.length; i++) {
      if (logits[i]! > logits[best]!) best = i;
      if (p![i]! > p![bestPeer]!) bestPeer = i;
      if (p![i]! > 0) sum.kl += p![i]! * (Math.log(p![i]!) - (logits[i]! - logSum));
    }
    if (best === bestPeer) sum.top1++;
    sum.tokens++;
  }
  await peer.next();
  return sum;
}

function logSumExp(logits: Float32Array): number {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  return most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}

for (
  const [name, memoryBytes] of [
    ["smollm2-135m", 60e6],
    ["qwen2.5-coder-1.5b", 560e6],
  ] as [TestModel, number][]
) {
  const gguf = modelFile(name), data = sharedData();
  const missing = !gguf ? ` (skipped: no ${name}.gguf)` : !data ? " (skipped: no shared data)" : "";
  Deno.test({
    name: `llama.cpp: ${name} at half its size agrees on ${TOKENS} tokens${missing}`,
    ignore: missing !== "",
    fn: async () => {
      const engine = await openEngine({ folder: await modelStore(name), memoryBytes });
      try {
        const total = { tokens: 0, kl: 0, top1: 0 };
        for (const text of texts(data!)) {
          const tokens = engine.text.encode(text).slice(0, TOKENS / 4);
          const part = await compare(engine, gguf!, tokens);
          for (const key of ["tokens", "kl", "top1"] as const) total[key] += part[key];
        }
        const kl = total.kl / total.tokens, top1 = total.top1 / total.tokens;
        console.log(`${name}: KL ${kl.toFixed(5)} nats, top-1 ${(100 * top1).toFixed(2)} %`);
        assert.equal(total.tokens, TOKENS);
        assert.ok(kl < 0.02, `mean KL is ${kl}`);
        assert.ok(top1 >= 0.97, `top-1 agreement is ${top1}`);
      } finally {
        await engine.close();
      }
    },
  });
}
