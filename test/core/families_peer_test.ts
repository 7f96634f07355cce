/** Seeded tiny models of the families that no test model covers, against llama.cpp. */
import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { peerInstalled, peerOpinion } from "../peer/opinion.ts";
import { randomInts } from "../random.ts";
import { TINY_VOCABULARY, type TinyModelOptions } from "../tiny_model.ts";
import { logitsOf, withMachine, withStore } from "../tiny_machine.ts";

const EXPERTS = { count: 8, used: 2, neurons: 256 };
/** llama.cpp wants its norms of q and k to be equally long. */
const OLMOE = { architecture: "olmoe", experts: EXPERTS, headsKv: 4, tied: false } as const;

const MODELS: (TinyModelOptions & { name: string })[] = [
  { name: "arcee, f16", architecture: "arcee", type: TensorType.F16 },
  { name: "arcee, q8_0, own head", architecture: "arcee", tied: false },
  { name: "olmoe, f16", ...OLMOE, type: TensorType.F16 },
  { name: "olmoe, q4_k", ...OLMOE, type: TensorType.Q4_K },
  { name: "qwen2moe, q8_0", architecture: "qwen2moe", experts: EXPERTS, neurons: 512, tied: false },
  { name: "qwen3moe, q8_0", architecture: "qwen3moe", experts: EXPERTS },
  { name: "llama, experts, f16", architecture: "llama", experts: EXPERTS, type: TensorType.F16 },
];

for (const { name, ...model } of MODELS) {
  Deno.test({
    name: `llama.cpp: ${name}: the same distributions${peerInstalled() ? "" : " (not installed)"}`,
    ignore: !peerInstalled(),
    fn: () =>
      withStore(model, async (store, _gguf, file) => {
        const next = randomInts(7);
        const tokens = Array.from({ length: 48 }, () => next(TINY_VOCABULARY));
        const rows = await withMachine(store, {}, (machine) => logitsOf(machine, tokens, 8));
        let kl = 0, same = 0, t = 0;
        for await (const theirs of peerOpinion(file, tokens, TINY_VOCABULARY)) {
          const ours = softmax(rows[t++]!);
          theirs.forEach((p, i) => kl += p > 0 ? p * Math.log(p / ours[i]!) / tokens.length : 0);
          if (likeliest(ours) === likeliest(theirs)) same++;
        }
        console.log(`${name}: KL ${kl.toExponential(2)} nats, top-1 ${same} of ${tokens.length}`);
        assert.equal(t, tokens.length);
        assert.ok(kl < 1e-3, `mean KL is ${kl}`);
        assert.ok(same >= tokens.length - 1, `${same} of ${tokens.length} agree`); // one may be a tie
      }),
  });
}

function softmax(logits: Float32Array): Float32Array {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

const likeliest = (row: Float32Array) => row.indexOf(Math.max(...row));
