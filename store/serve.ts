/** Puts Flint together: house, registry, assistants, embedder; and serves it on loopback. */
import { join, resolve } from "node:path";
import { FlintError, type HouseOptions, openKv, openModels } from "@flint/core";
import { createStore } from "./app.ts";
import { openParts, type Parts } from "./parts.ts";
import { tend } from "./tend.ts";

/** Everything but the server: what `flint chat` talks to. */
export type Flint = Parts;

/** A running server. `close` lets running answers end first. */
export interface FlintServer extends Flint {
  /** Where it answers, such as "http://127.0.0.1:7077". */
  readonly url: string;
}

/** What to open. */
export interface FlintOptions extends HouseOptions {
  /** Hosts ("name" or "name:port") that plugins may reach although they are private. */
  readonly allowedHosts?: readonly string[];
}

/** How to serve. */
export interface ServeOptions extends FlintOptions {
  /** 0 = any free one, tells `url`. */
  readonly port: number;
  /** Takes one line per request. Default: none. */
  readonly log?: (line: string) => void;
}

/** Never the network's: who may reach Flint from elsewhere is for a proxy to decide. */
const HOST = "127.0.0.1";
/** How long a stopping server waits for answers under way; then they are cut off. */
const DRAIN_MS = 15_000;

/** How often it is looked for what is due. */
const TEND_MS = 3600 * 1000;

/** Opens the parts over one data folder. The models come in the background: see `house`. */
export async function openFlint(options: FlintOptions): Promise<Flint> {
  const dataDir = resolve(options.dataDir);
  const kv = openKv(join(dataDir, "app"));
  const house = await openModels({ snapshots: kv, ...options }).catch(async (error) => {
    await kv.close();
    throw error;
  });
  const parts = openParts({
    kv,
    house,
    folder: dataDir,
    minilm: join(dataDir, "models", "minilm"),
    allowed: options.allowedHosts,
  });
  await parts.accounts.found();
  await parts.registry.seed();
  await parts.conversations.adopt();
  return {
    ...parts,
    async close() {
      await parts.close();
      await house.close();
      await kv.close();
    },
  };
}

/** Opens Flint and serves it. Throws FlintError "conflict" when the port is taken. */
export async function startFlint(options: ServeOptions): Promise<FlintServer> {
  const flint = await openFlint({ embeddings: true, ...options });
  const stopping = new AbortController();
  const { log, port } = options;
  const app = createStore(flint, { stopping: stopping.signal, ...(log ? { log } : {}) });
  const server = await start(port, app.fetch, flint);
  const tending = setInterval(() => void tend(flint, console.error), TEND_MS);
  return {
    ...flint,
    url: `http://${HOST}:${server.addr.port}`,
    async close() {
      clearInterval(tending);
      stopping.abort();
      const drained = server.shutdown();
      await atMost(DRAIN_MS, drained);
      await flint.close(); // ends what still runs, and with it the last requests
      await drained;
    },
  };
}

async function start(port: number, handler: Deno.ServeHandler, flint: Flint) {
  try {
    return listen(port, handler);
  } catch (error) {
    await flint.close();
    throw error;
  }
}

function listen(port: number, handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: HOST, port, onListen() {} }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    const mend = "stop what uses it or choose another with --port";
    throw new FlintError("conflict", `port ${port} is taken: ${mend}`, { cause: error });
  }
}

/** Waits for `work`, but no longer than `ms`. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}
