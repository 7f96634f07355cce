/**
 * Compiles the AssemblyScript sources: `deno run -A core/kernels/build.ts` writes kernels.wasm,
 * kernels_plain.wasm and encode.wasm, which are checked in. The same sources give the same bytes.
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

/** The file of the encoder's one build. */
export const ENCODER_FILE = "encode.wasm";

/** The wasm bytes of one flavor. */
export function buildKernels(flavor: KernelFlavor): Promise<Uint8Array> {
  return build("entry.as.ts", flavor === "relaxed" ? "simd,threads,relaxed-simd" : "simd,threads");
}

/** The wasm bytes of the encoder. */
export function buildEncoder(): Promise<Uint8Array> {
  return build("encode.as.ts", "simd,threads,bulk-memory");
}

async function build(entry: string, features: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    [entry, "--outFile", "kernels.wasm", "--enable", features, ...FLAGS],
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
  const encoder = await buildEncoder();
  await Deno.writeFile(new URL(ENCODER_FILE, HERE), encoder);
  console.log(`${ENCODER_FILE} ${encoder.length} bytes`);
}
