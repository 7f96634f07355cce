/** A whole server on a free port: the real engine on a tiny model, all layers, no download. */
import { existsSync } from "node:fs";
import { openEngine } from "../../core/engine.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { type Engine, type ModelHouse, openKv } from "@flint/core";
import type { Conversations, Registry, Toolbox } from "@flint/plugins";
import { createStore, type StoreOptions } from "@flint/store";
import { openParts, type Parts } from "../../store/parts.ts";
import { tinyModel } from "../tiny_model.ts";

/** Enough for the tiny model, its cache and four answers at once. */
const MEMORY_BYTES = 64 << 20;

/** A server that runs. `await using` stops it and removes what it kept. */
export interface LiveStore extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly origin: string;
  readonly port: number;
  readonly engine: Engine;
  readonly registry: Registry;
  readonly conversations: Conversations;
  readonly toolbox: Toolbox;
  readonly parts: Parts;
}

/** Imports a model as "tiny", opens everything over it and serves. `allowed`: private hosts that plugins may reach. */
export async function openLiveStore(
  options: StoreOptions = {},
  gguf: Uint8Array = tinyModel(),
  allowed: readonly string[] = [],
): Promise<LiveStore> {
  const folder = await Deno.makeTempDir({ prefix: "flint_live_" });
  const engine = await openTiny(folder, gguf);
  const house = houseOf(engine);

  const kv = openKv(`${folder}/kv`);
  const minilm = minilmFolder() ?? `${folder}/minilm`;
  const parts = openParts({ kv, house, folder, minilm, allowed });
  const { fetch } = createStore(parts, options);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, fetch);
  const { port } = server.addr;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    engine,
    registry: parts.registry,
    conversations: parts.conversations,
    toolbox: parts.toolbox,
    parts,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await parts.close();
      await engine.close();
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Imports the model as "tiny" and opens it. */
async function openTiny(folder: string, gguf: Uint8Array): Promise<Engine> {
  const source = `${folder}/tiny.gguf`, target = `${folder}/models/tiny`;
  await Deno.writeFile(source, gguf);
  await importGguf({ source, target, name: "tiny" });
  return await openEngine({ store: await openFlashStore(target), memoryBytes: MEMORY_BYTES });
}

/** Where MiniLM lies, if it does: FLINT_TEST_MINILM, or where `flint pull minilm` puts it. */
export function minilmFolder(): string | undefined {
  const pulled = new URL("../../.flint/models/minilm", import.meta.url).pathname;
  const folder = Deno.env.get("FLINT_TEST_MINILM") ?? pulled;
  return existsSync(`${folder}/onnx/model_quantized.onnx`) ? folder : undefined;
}

/** A house that has arrived: core's own would now fetch the embedding model from the network. */
function houseOf(engine: Engine): ModelHouse {
  const progress = { model: "tiny", stage: "ready", done: 0, total: 0, unit: "bytes" } as const;
  return {
    engine: () => engine,
    status: () => ({ wanted: "tiny", serving: "tiny", progress }),
    list: () => [],
    ready: () => Promise.resolve(engine),
    async *watch() {},
    close: () => Promise.resolve(),
  };
}
