/** Mutated GGUF headers: never a hang, a large read or anything thrown but FlintError. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError } from "../../core/errors.ts";
import { TensorType } from "../../core/flash/layout.ts";
import { readModel } from "../../core/gguf/model.ts";
import { readGguf } from "../../core/gguf/reader.ts";
import { BytesSource } from "../bytes_source.ts";
import { writeGguf } from "../gguf_writer.ts";
import { tinyParts } from "../tiny_model.ts";

/** FUZZ_RUNS=1000000 FUZZ_SEED=2 for a long run; a failure prints its seed and path. */
const numRuns = Number(Deno.env.get("FUZZ_RUNS") ?? 4000);
const seed = Number(Deno.env.get("FUZZ_SEED") ?? 1);

const valid = writeGguf(tinyParts({ type: TensorType.Q4_0, width: 64, neurons: 96 }));
const { headerBytes } = readGguf(new BytesSource(valid));
/** Places of length fields and the like are hit more often than the vocabulary's letters. */
const position = fc.oneof(fc.nat(64), fc.nat(2000), fc.nat(headerBytes - 1));
const value = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
);
/** Overwrites `length` bytes from `at` with one value (8 bytes of 0xff are 2^64 - 1). */
const overwrite = fc.record({ at: position, length: fc.constantFrom(1, 1, 2, 4, 8), value });
const cut = fc.option(fc.nat(valid.length), { freq: 8 });
const moved = fc.record({ from: position, to: position, length: fc.nat(300) });

function mutate(
  writes: readonly { at: number; length: number; value: number }[],
  moves: readonly { from: number; to: number; length: number }[],
  length: number | null,
): Uint8Array {
  const bytes = valid.slice();
  for (const { from, to, length } of moves) bytes.copyWithin(to, from, from + length);
  for (const { at, length, value } of writes) bytes.fill(value, at, at + length);
  return bytes.slice(0, length ?? undefined);
}

Deno.test("gguf fuzz: a mutated header is read or refused, in bounded work", () => {
  let refused = 0;
  const arbitrary = [
    fc.array(overwrite, { maxLength: 4 }),
    fc.array(moved, { maxLength: 1 }),
    cut,
  ] as const;
  const property = fc.property(...arbitrary, (writes, moves, length) => {
    const source = new BytesSource(mutate(writes, moves, length));
    try {
      readModel(source);
    } catch (error) {
      if (!(error instanceof FlintError)) throw error;
      assert.equal(error.code, "bad_model");
      assert.ok(error.message.length < 600, "the reason is short enough to show");
      refused++;
    }
    assert.ok(source.bytesRead <= 4 * valid.length, `${source.bytesRead} bytes were read`);
  });
  fc.assert(property, { numRuns, seed });
  assert.ok(refused > numRuns / 4, `only ${refused} of ${numRuns} mutations were refused`);
});

Deno.test("gguf fuzz: random bytes after the magic are refused", () => {
  const property = fc.property(fc.uint8Array({ minLength: 24, maxLength: 400 }), (tail) => {
    const bytes = new Uint8Array([...valid.subarray(0, 8), ...tail]);
    assert.throws(() => readModel(new BytesSource(bytes)), { name: "FlintError" });
  });
  fc.assert(property, { numRuns, seed });
});
