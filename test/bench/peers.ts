/** llama.cpp, as the bench finds it: prebuilt by npm, or built here without weight repacking. */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const ROOT = path.join(import.meta.dirname!, "..", "..");
const PEER = path.join(ROOT, "test", "peer");
const BUILT = path.join(ROOT, ".flint", "peer-llama");
const PACKAGE = "llama-cpp-python";
const VERSION = "0.3.36";
/** The repacked second copy of the weights is what the prebuilt library dies of under a cap. */
const CMAKE_ARGS = "-DGGML_CPU_REPACK=OFF -DGGML_NATIVE=ON -DMTMD_BUILD=OFF";

/** Command of the prebuilt llama.cpp. @throws Error where it is not installed */
export function nodePeer(): string[] {
  if (!fs.existsSync(path.join(PEER, "node_modules", "node-llama-cpp"))) {
    throw new Error("not installed: deno install --config test/peer/deno.json");
  }
  const options = ["run", "-A", "--no-check", `--config=${path.join(PEER, "deno.json")}`];
  return [process.execPath, ...options, path.join(PEER, "llama_side.ts")];
}

/** Command of the llama.cpp that maps its weights. @throws Error where it is not built */
export function mmapPeer(): string[] {
  if (!fs.existsSync(path.join(BUILT, "llama_cpp"))) {
    throw new Error("not built: deno task bench peers");
  }
  return ["env", `PYTHONPATH=${BUILT}`, "python3", path.join(PEER, "llama_mmap_side.py")];
}

const smallerPath = (file: string) =>
  path.join(BUILT, path.basename(file).replace(/\.gguf$/, "-q2_k.gguf"));

/** A smaller quantization of a GGUF file. @throws Error where it was not made */
export function smallerModel(file: string): string {
  const smaller = smallerPath(file);
  if (!fs.existsSync(smaller)) throw new Error("not made: deno task bench peers");
  return smaller;
}

/**
 * Builds llama.cpp from source into .flint, which takes a C++ compiler and a quarter of an hour, and
 * makes the smaller quantization of `file` with it. What is there already stays.
 */
export async function buildPeers(file: string | undefined): Promise<void> {
  if (!fs.existsSync(path.join(BUILT, "llama_cpp"))) {
    const install = ["install", "--verbose", "--no-cache-dir", "--no-binary", PACKAGE];
    const args = [...install, "--target", BUILT, `${PACKAGE}==${VERSION}`];
    await run("pip", args, { CMAKE_ARGS });
  }
  if (!file) return;
  const target = smallerPath(file);
  if (fs.existsSync(target)) return;
  const script = path.join(PEER, "llama_quantize.py");
  await run("python3", [script, file, target], { PYTHONPATH: BUILT });
}

async function run(command: string, args: string[], env: Record<string, string>): Promise<void> {
  const { success } = await new Deno.Command(command, { args, env }).spawn().status;
  if (!success) throw new Error(`${command} failed: see above`);
}
