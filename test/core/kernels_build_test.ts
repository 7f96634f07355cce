import assert from "node:assert/strict";
import { buildKernels, KERNEL_FILES } from "../../core/kernels/build.ts";
import {
  bindKernels,
  instantiateKernels,
  kernelFlavor,
  loadKernelModule,
} from "../../core/kernels/kernels.ts";
import { FLAVORS, floats, INPUT, memory } from "../kernel_memory.ts";

/** Section ids of a wasm binary. */
function sections(wasm: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < wasm.length;) {
    ids.push(wasm[at++]!);
    let size = 0;
    for (let shift = 0;; shift += 7) {
      const byte = wasm[at++]!;
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

for (const flavor of FLAVORS) {
  const file = new URL(`../../core/kernels/${KERNEL_FILES[flavor]}`, import.meta.url);

  Deno.test(`kernels: the checked in ${flavor} build is what the sources give`, async () => {
    assert.deepEqual(await buildKernels(flavor), await Deno.readFile(file));
  });

  Deno.test(`kernels: the ${flavor} build places nothing in memory`, async () => {
    const wasm = await Deno.readFile(file);
    const [element, code, data, dataCount, start] = [9, 10, 11, 12, 8];
    const ids = sections(wasm);
    assert.ok(ids.includes(code));
    for (const id of [element, data, dataCount, start]) {
      assert.ok(!ids.includes(id), `section ${id}`);
    }
    assert.deepEqual(WebAssembly.Module.imports(await WebAssembly.compile(wasm)), [
      { module: "env", name: "memory", kind: "memory" },
    ]);
  });

  Deno.test(`kernels: the ${flavor} build binds to shared memory of any size`, async () => {
    const module = await loadKernelModule(flavor);
    for (const maximum of [1, 100, 65536]) {
      bindKernels(module, new WebAssembly.Memory({ initial: 1, maximum, shared: true }), 1024);
    }
  });
}

Deno.test("kernels: this machine's flavor is one that its engine validates", async () => {
  const own = await instantiateKernels(memory, 4096);
  floats.set([1, 2], INPUT / 4);
  own.add(INPUT, INPUT, 2);
  assert.deepEqual([...floats.slice(INPUT / 4, INPUT / 4 + 2)], [2, 4]);
  const wasm = await Deno.readFile(
    new URL(`../../core/kernels/${KERNEL_FILES[kernelFlavor()]}`, import.meta.url),
  );
  assert.ok(WebAssembly.validate(wasm));
});
