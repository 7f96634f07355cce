/** Everything that plugins of the kind `openapi` need, real, over a folder that goes with its test. */
import { openKv } from "@flint/core";
import { Apis, callTool, Door, openSecrets, openToolbox, type ToolValues } from "@flint/plugins";

/** Opens it; `hosts` are servers of the test. */
export async function openApis(...hosts: readonly { readonly host: string }[]) {
  const folder = await Deno.makeTempDir({ prefix: "flint_apis_" });
  const kv = openKv(`${folder}/app`);
  const web = new Door({ allowed: hosts.map(({ host }) => host) });
  const secrets = openSecrets({ kv, keyFile: `${folder}/secrets.key` });
  const apis = new Apis({ kv, web, secrets });
  const toolbox = openToolbox({ kv, types: { openapi: apis.type }, secrets });
  return {
    folder,
    web,
    secrets,
    apis,
    toolbox,
    /** Adds an API. */
    add: (id: string, config: Record<string, unknown>) =>
      toolbox.add({ id, type: "openapi", name: id, config }),
    /** Calls one of its operations. */
    async call(id: string, name: string, values: ToolValues) {
      const tool = (await toolbox.tools(id)).find((one) => one.name === name)!;
      const { signal } = new AbortController();
      return await callTool(tool, values, { assistant: "a", user: "u", signal, depth: 0 });
    },
    async [Symbol.asyncDispose]() {
      await toolbox.close();
      await web.close();
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
