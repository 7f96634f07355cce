/** Mixtures of experts: as the formula gives them, and the same bits whatever the window holds. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TensorType } from "../../core/flash/layout.ts";
import { openEngine } from "../../core/engine.ts";
import { readUnit } from "../../core/flash/store.ts";
import { chooseExperts } from "../../core/model/routing.ts";
import { planMachine, smallestBudget } from "../../core/model/plan.ts";
import { plainLogits } from "../plain_forward.ts";
import { randomInts } from "../random.ts";
import { logitsOf, relativeError, sameBits, withMachine, withStore } from "../tiny_machine.ts";
import { TINY_VOCABULARY, type TinyModelOptions } from "../tiny_model.ts";

const EXPERTS = { count: 8, used: 2, neurons: 256 };

function text(length: number, seed = 5): number[] {
  const next = randomInts(seed);
  return Array.from({ length }, () => next(TINY_VOCABULARY));
}

const FORMULAS: [name: string, tolerance: number, TinyModelOptions][] = [
  ["olmoe, f16", 0.001, { architecture: "olmoe", type: TensorType.F16, tied: false }],
  ["qwen2moe, q8_0", 0.001, { architecture: "qwen2moe", neurons: 256 }],
  ["qwen3moe, q4_k", 0.03, { architecture: "qwen3moe", type: TensorType.Q4_K }],
  ["llama, f32, odd sizes", 0.001, {
    architecture: "llama",
    type: TensorType.F32,
    experts: { count: 5, used: 3, neurons: 310 },
  }],
];
for (const [name, tolerance, model] of FORMULAS) {
  Deno.test(`experts: logits as the formula gives them: ${name}`, () =>
    withStore({ experts: EXPERTS, ...model }, async (store, gguf) => {
      const tokens = text(9), memoryBytes = smallestBudget(store);
      const rows = await withMachine(store, { memoryBytes }, (one) => logitsOf(one, tokens, 4));
      const off = relativeError(rows, plainLogits(gguf, tokens));
      assert.ok(off < tolerance, `off by ${off}`);
    }));
}

/** An expert has three clusters, a window from four of a layer's 24 on. */
const LARGE: TinyModelOptions = {
  architecture: "qwen2moe",
  type: TensorType.F32,
  types: { down: TensorType.Q8_0 },
  neurons: 512,
  experts: { count: 8, used: 3, neurons: 768 },
};

Deno.test("experts: the same bits whatever the budget, the policy, the threads and the batch", () =>
  withStore(LARGE, (store) => {
    const least = smallestBudget(store, { batchTokens: 16 });
    return sameBits(store, text(40), [
      [{ memoryBytes: least, batchTokens: 16 }, 8],
      [{ memoryBytes: least, batchTokens: 16, eviction: "lru" }, 1],
      [{ memoryBytes: least + (8 << 20), batchTokens: 16, eviction: "static" }, 1],
      [{ threads: 1 }, 5],
      [{ threads: 3, memoryBytes: least + (4 << 20), batchTokens: 16 }, 3],
      [{ memoryBytes: least + (9 << 20), batchTokens: 16, batchLogits: 16, reading: "sync" }, 16],
    ]);
  }));

Deno.test("experts: the same bits with guesses and without, whatever is guessed", () =>
  withStore({ ...LARGE, layers: 5 }, async (store) => {
    const tokens = text(60);
    const run = (foresight: boolean, chunk: number, megabytes: number) => {
      const memoryBytes = smallestBudget(store) + megabytes * 2 ** 20;
      return withMachine(store, { memoryBytes, foresight }, async (machine) => ({
        rows: await logitsOf(machine, tokens, chunk),
        ...machine.counters(),
      }));
    };
    const plain = await run(false, 1, 60);
    assert.equal(plain.aheadBytesRead, 0);
    for (const [chunk, megabytes] of [[1, 60], [1, 90], [2, 110], [7, 60]] as const) {
      const { rows, aheadBytesRead, aheadBytesUsed } = await run(true, chunk, megabytes);
      assert.deepEqual(rows, plain.rows, `${chunk} tokens at once, ${megabytes} MB more`);
      assert.equal(aheadBytesRead > 0, chunk <= 4, `${aheadBytesRead} read ahead`);
      assert.ok(aheadBytesUsed <= aheadBytesRead);
    }
  }));

Deno.test("experts: only chosen ones are read, and those that stay are not read again", () =>
  withStore(LARGE, async (store) => {
    const units = store.units.filter(({ kind }) => kind === "expert");
    const tokenBytes = units.reduce((sum, { bytes }) => sum + bytes, 0) * 3 / 8;
    const memoryBytes = smallestBudget(store) + (16 << 20);
    await withMachine(store, { memoryBytes }, async (machine) => {
      const before = machine.counters();
      await logitsOf(machine, text(30), 1);
      const { bytesRead, bytesUsed } = machine.counters();
      const read = bytesRead - before.bytesRead;
      assert.ok(machine.budget().window > 0);
      assert.ok(bytesUsed > 30 * tokenBytes, `${bytesUsed} used`);
      assert.ok(read > 0 && read < 0.7 * 30 * tokenBytes, `${read} of ${30 * tokenBytes} read`);
    });
  }));

Deno.test("experts: a token's own are told, and a profile decides who stays", () =>
  withStore(LARGE, async (store) => {
    const { layers, experts } = store.card.spec, tokens = text(24);
    const run = (profile: Uint8Array | undefined) =>
      withMachine(store, { memoryBytes: smallestBudget(store) + (12 << 20) }, async (machine) => {
        const rows = await logitsOf(machine, tokens.slice(0, 12), 1);
        const bits = machine.active()!;
        assert.equal(bits.length, layers);
        bits.forEach((word) => assert.equal(word.toString(2).replaceAll("0", ""), "111"));
        if (profile) machine.favor(profile);
        const read = machine.counters().bytesRead;
        const blocks = Int32Array.of(1);
        for (const [position, token] of tokens.slice(12).entries()) {
          await machine.step([{ token, position, blocks, logits: true }]);
          rows.push(machine.logits(0).slice());
        }
        return { rows, read: machine.counters().bytesRead - read };
      });
    const odd = Uint8Array.from({ length: layers * experts!.count }, (_, i) => i % 4 ? 0 : 255);
    const [plain, seeded] = [await run(undefined), await run(odd)];
    assert.deepEqual(seeded.rows, plain.rows);
    assert.notEqual(seeded.read, plain.read);
  }));

Deno.test("experts: each one's clusters hold its own matrices, one after the other", () =>
  withStore(LARGE, (store, gguf) => {
    const own = store.units.filter(({ layer, expert }) => layer === 1 && expert === 5);
    assert.deepEqual(own.map(({ neuron, neurons }) => [neuron, neurons]), [
      [0, 256],
      [256, 256],
      [512, 256],
    ]);
    assert.deepEqual(own.slice(1).map(({ id }, i) => id - own[i]!.id), [1, 1]);
    const [, up] = own[1]!.parts;
    const pages = readUnit(store, own[1]!);
    const row = pages.subarray(up!.at, up!.at + up!.rowBytes);
    assert.ok(
      Buffer.from(gguf.buffer).includes(Buffer.from(row)),
      "rows are as they lie in the file",
    );
    return Promise.resolve();
  }));

Deno.test("experts: a damaged expert is refused when it is read", () =>
  withStore(LARGE, async (store) => {
    for (const { kind, offset } of store.units) {
      if (kind !== "expert") continue;
      using file = await Deno.open(store.dataFile, { write: true });
      await file.seek(offset + 4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(64));
    }
    await assert.rejects(
      withMachine(
        store,
        { memoryBytes: smallestBudget(store) },
        (one) => logitsOf(one, text(2), 1),
      ),
      /checksum|damaged/,
    );
  }));

Deno.test("experts: a budget that does not hold the smallest windows is refused with one that does", () =>
  withStore(LARGE, (store) => {
    const least = smallestBudget(store);
    assert.throws(
      () => planMachine(store, { memoryBytes: least - 65536 }),
      new RegExp(`needs a memory of ${Math.ceil(least / 1e6)} MB or more`),
    );
    assert.ok(planMachine(store, { memoryBytes: least }).budget.window > 0);
    return Promise.resolve();
  }));

Deno.test("experts: an engine guesses and says the same at a small budget, and reports experts", () =>
  withStore({ ...LARGE, layers: 1 }, async (store) => {
    const phrase = text(12), prompt = [...phrase, ...phrase, ...phrase];
    const request = { prompt, sampling: { temperature: 0 }, maxTokens: 24 };
    const say = async (memoryBytes: number, lookup: boolean) => {
      const engine = await openEngine({ store, memoryBytes, lookup, threads: 2 });
      try {
        const ids: number[] = [];
        for await (const event of engine.generate(request)) {
          if (event.type === "token") ids.push(event.id);
        }
        return { ids, reuse: engine.report().reuse };
      } finally {
        await engine.close();
      }
    };
    const whole = await say(64 << 20, false), small = await say(smallestBudget(store), true);
    assert.equal(whole.ids.length, 24);
    assert.deepEqual(small.ids, whole.ids);
    assert.equal(whole.reuse?.of, "experts");
    assert.ok(whole.reuse.layers[0]!.hitRate > 0 && whole.reuse.layers[0]!.random < 1);
  }));

Deno.test("routing: the highest scores, the first of equals, shares by the family's rule", () => {
  const scores = Float32Array.of(0, 2, -1, 2, 2, 1), e = Math.exp;
  const choose = (rule: "softmax" | "chosen") => {
    const chosen = new Int32Array(2), shares = new Float32Array(2);
    chooseExperts(scores, rule, chosen, shares);
    return [...chosen, ...shares.map((share) => Math.round(share * 1e4) / 1e4)];
  };
  const all = 3 * e(2) + 1 + e(-1) + e(1);
  const share = Math.fround(Math.round(e(2) / all * 1e4) / 1e4);
  assert.deepEqual(choose("chosen"), [1, 3, 0.5, 0.5]);
  assert.deepEqual(choose("softmax"), [1, 3, share, share]);
});

Deno.test("routing: scores that are no numbers still name different experts", () => {
  const chosen = new Int32Array(3);
  chooseExperts(new Float32Array(4).fill(NaN), "chosen", chosen, new Float32Array(3));
  assert.equal(new Set(chosen).size, 3);
});
