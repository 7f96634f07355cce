/** A real store whose house has no engine yet: for everything that is decided before generation. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { FlintError, type ModelHouse, openKv } from "@flint/core";
import {
  Apis,
  createAssistants,
  Door,
  openBuilder,
  openConversations,
  openEmbedder,
  openLibrary,
  openMemory,
  openRegistry,
  openSecrets,
  openToolbox,
  pluginKinds,
  STANDING_PLUGINS,
} from "@flint/plugins";
import type { Assistants, Conversations, Memory, Registry, Secrets, Toolbox } from "@flint/plugins";
import { createStore, type StoreOptions } from "@flint/store";

/** A store in a temporary folder; `await using` removes it. */
export interface QuietStore extends AsyncDisposable {
  /** Where all its data lies. */
  readonly folder: string;
  readonly toolbox: Toolbox;
  readonly secrets: Secrets;
  readonly app: OpenAPIHono;
  readonly registry: Registry;
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
  const registry = openRegistry(kv), conversations = openConversations(kv);
  const memory = openMemory(kv);
  const web = new Door({ allowed });
  const secrets = openSecrets({ kv, keyFile: `${folder}/secrets.key` });
  const apis = new Apis({ kv, web, secrets });
  const prepare: Assistants["prepare"] = (...asked) => assistants.prepare(...asked);
  const ask = { engine: pulling.engine, assistants: { prepare } };
  const types = pluginKinds({ egress: web, apis, secrets, registry, ask });
  const toolbox = openToolbox({ kv, types, builtin: STANDING_PLUGINS });
  const embedder = openEmbedder(`${folder}/minilm`);
  const shared = { registry, memory, toolbox, embedder, engine: pulling.engine };
  const library = openLibrary({ kv, embedder });
  const assistants = createAssistants({ ...shared, conversations, library });
  const builder = openBuilder({ ...shared, kv });
  const deps = {
    house: pulling,
    registry,
    conversations,
    memory,
    toolbox,
    secrets,
    apis,
    assistants,
    embedder,
    library,
    builder,
  };
  const app = createStore(deps, options);
  return {
    folder,
    app,
    toolbox,
    secrets,
    registry,
    memory,
    conversations,
    async post(path, body, contentType = "application/json") {
      const headers = { "content-type": contentType };
      const response = await app.request(path, { method: "POST", headers, body });
      const answer = await response.json();
      return [response.status, answer.error?.message ?? answer.detail];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([assistants.close(), builder.close()]);
      embedder.close();
      await toolbox.close();
      await web.close();
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
