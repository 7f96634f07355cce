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

/** Builds it once, from source, into .flint; takes a C++ compiler and a quarter of an hour. */
export async function buildPeers(): Promise<void> {
  if (fs.existsSync(path.join(BUILT, "llama_cpp"))) {
    return console.log(`${PACKAGE} is built already; remove ${BUILT} to build it anew`);
  }
  const { success } = await new Deno.Command("pip", {
    args: [
      ...["install", "--verbose", "--no-cache-dir", "--no-binary", PACKAGE],
      ...["--target", BUILT, `${PACKAGE}==${VERSION}`],
    ],
    env: { CMAKE_ARGS },
  }).spawn().status;
  if (!success) throw new Error(`${PACKAGE} could not be built: see above`);
}
