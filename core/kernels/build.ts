/**
 * Compiles the AssemblyScript kernels: `deno run -A core/kernels/build.ts` writes kernels.wasm and
 * kernels_plain.wasm, which are checked in. The same sources give the same bytes.
 */
import { main } from "assemblyscript/asc";
import { assert } from "../errors.ts";
import type { KernelFlavor } from "./kernels.ts";

const HERE = new URL(".", import.meta.url);

/** File names of the two builds. */
export const KERNEL_FILES: Readonly<Record<KernelFlavor, string>> = {
  relaxed: "kernels.wasm",
  plain: "kernels_plain.wasm",
};

/**
 * Threads share one memory of any size up to 4 GB, so the module imports it, allocates nothing
 * (stub runtime) and has no data segment.
 */
const FLAGS = [
  ...["--sharedMemory", "--importMemory", "--noExportMemory"],
  ...["--initialMemory", "1", "--maximumMemory", "65536"],
  ...["-O3", "--runtime", "stub", "--noAssert"],
];

/** The wasm bytes of one flavor. */
export async function buildKernels(flavor: KernelFlavor): Promise<Uint8Array> {
  const features = flavor === "relaxed" ? "simd,threads,relaxed-simd" : "simd,threads";
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    ["entry.as.ts", "--outFile", "kernels.wasm", "--enable", features, ...FLAGS],
    {
      readFile: (name: string) => Deno.readTextFile(new URL(name, HERE)).catch(() => null),
      writeFile: (_name: string, content: string | Uint8Array) => {
        if (typeof content !== "string") binary = content;
      },
      listFiles: () => [],
    },
  );
  assert(error === null && binary !== undefined, `the kernels compile:\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main) {
  for (const flavor of ["relaxed", "plain"] as const) {
    const binary = await buildKernels(flavor);
    await Deno.writeFile(new URL(KERNEL_FILES[flavor], HERE), binary);
    console.log(`${KERNEL_FILES[flavor]} ${binary.length} bytes`);
  }
}
