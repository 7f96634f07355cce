/** A real store whose house has no engine yet: for everything that is decided before generation. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { FlintError, type Kv, type ModelHouse, openKv } from "@flint/core";
import type { Conversations, Memory, Registry, Secrets, Toolbox } from "@flint/plugins";
import { createStore, type StoreOptions } from "@flint/store";
import type { Listings } from "../../store/market/listings.ts";
import { openParts, type Parts } from "../../store/parts.ts";

/** A store in a temporary folder; `await using` removes it. */
export interface QuietStore extends AsyncDisposable {
  /** Where all its data lies. */
  readonly folder: string;
  readonly kv: Kv;
  readonly parts: Parts;
  readonly toolbox: Toolbox;
  readonly secrets: Secrets;
  readonly app: OpenAPIHono;
  readonly registry: Registry;
  readonly listings: Listings;
  readonly memory: Memory;
  readonly conversations: Conversations;
  /** Posts a body; returns the status and the message of a refusal. */
  post(path: string, body: string, contentType?: string): Promise<[number, string]>;
}

/** What a house says while its first model is on its way. */
const pulling: ModelHouse = {
  engine: () => {
    throw new FlintError("unavailable", "smollm2-135m is being pulled: 3 of 98 MB");
  },
  status: () => ({
    wanted: "smollm2-135m",
    serving: undefined,
    progress: { model: "smollm2-135m", stage: "pulling", done: 3, total: 98, unit: "bytes" },
  }),
  list: () => [],
  ready: () => Promise.reject(new FlintError("unavailable", "no model in this test")),
  async *watch() {},
  close: () => Promise.resolve(),
};

/** Opens the store. */
export async function openQuietStore(
  options: StoreOptions = {},
  allowed: readonly string[] = [],
): Promise<QuietStore> {
  const folder = await Deno.makeTempDir({ prefix: "flint_store_" });
  const kv = openKv(folder);
  const minilm = `${folder}/minilm`;
  const parts = openParts({ kv, house: pulling, folder, minilm, allowed });
  const app = createStore(parts, options);
  return {
    folder,
    kv,
    parts,
    app,
    toolbox: parts.toolbox,
    secrets: parts.secrets,
    registry: parts.registry,
    listings: parts.listings,
    memory: parts.memory,
    conversations: parts.conversations,
    async post(path, body, contentType = "application/json") {
      const headers = { "content-type": contentType };
      const response = await app.request(path, { method: "POST", headers, body });
      const answer = await response.json();
      return [response.status, answer.error?.message ?? answer.detail];
    },
    async [Symbol.asyncDispose]() {
      await parts.close();
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
