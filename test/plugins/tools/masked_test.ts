/** No secret comes out of a plugin, of whatever kind, whichever way it speaks. */
import assert from "node:assert/strict";
import { openKv } from "@flint/core";
import { callTool, MASK, mcpKind, openSecrets, openToolbox, type PluginType } from "@flint/plugins";
import { codePlugins, sha256Of } from "../../../plugins/code/kind.ts";
import { fileOf, toolOf } from "../code/opened.ts";
import { OFFLINE } from "./mcp/offline.ts";

const KEY = "tok-7f3a91c2";
const PICTURE = new TextEncoder().encode(`<svg>${KEY}</svg>`).toBase64();

async function opened(types: (secrets: ReturnType<typeof openSecrets>) => PluginType) {
  const folder = await Deno.makeTempDir({ prefix: "flint_masked_" });
  const kv = openKv(`${folder}/app`);
  const secrets = openSecrets({ kv, keyFile: `${folder}/secrets.key` });
  const toolbox = openToolbox({ kv, types: { tried: types(secrets) }, secrets });
  const said: unknown[] = [];
  return {
    folder,
    secrets,
    toolbox,
    /** All that has come out, on whichever way. */
    said,
    async call(name: string) {
      const tool = (await toolbox.tools("tried")).find((one) => one.name === name)!;
      const result = await callTool(tool, {}, {
        ...{ assistant: "a", user: "owner", depth: 0, signal: new AbortController().signal },
        progress: (text) => said.push(text),
        ask: (question, schema) => {
          said.push(question, schema);
          return Promise.resolve(undefined);
        },
      });
      said.push(result);
    },
    async [Symbol.asyncDispose]() {
      await toolbox.close();
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function assertMasked(said: readonly unknown[], ways: number): void {
  for (const one of said) {
    const text = JSON.stringify(one);
    assert(!text.includes(KEY) && text.includes(MASK), text);
  }
  assert.equal(said.length, ways);
}

Deno.test("masked: a plugin of one file repeats its secret in vain", async () => {
  const key = "async (_, { secret, progress }) => { const key = await secret('KEY');";
  const source = fileOf(
    [
      toolOf("text", `${key} progress(key); return key; }`),
      toolOf("json", `${key} return { [key]: [key] }; }`),
      toolOf("fails", `${key} throw new Error("no " + key); }`),
    ].join(","),
    `needs: { secrets: ["KEY"] },`,
  );
  await using at = await opened((secrets) => codePlugins({ egress: OFFLINE.web, secrets }));
  await at.secrets.put("tried/KEY", { token: KEY });
  const config = { source, sha256: sha256Of(source), secrets: ["KEY"] };
  await at.toolbox.add({ id: "tried", type: "tried", name: "Tried", config });
  for (const name of ["text", "json", "fails"]) await at.call(name);
  assertMasked(at.said, 4);
});

Deno.test("masked: an MCP server repeats its secret in vain, in results, errors and prompts", async () => {
  const script = new URL("./mcp/hostile_server.ts", import.meta.url).pathname;
  await using at = await opened((secrets) => mcpKind({ web: OFFLINE.web, secrets }));
  await at.secrets.put("tried/env", { KEY });
  const config = { command: "deno", args: ["run", "--quiet", "--allow-env", script] };
  const draft = { id: "tried", type: "tried", name: "Tried", config };
  await at.toolbox.add(draft, at.toolbox.starts("tried", config));
  for (const name of ["parrot", "blurt"]) await at.call(name);
  const prompts = (await at.toolbox.prompts("tried"))!;
  at.said.push(await prompts.list(), await prompts.fill("key", {}));
  assertMasked(at.said, 4);
  const args = ["eval", "console.error(Deno.env.get('KEY')); Deno.exit(1)"];
  const mute = { command: "deno", args };
  await assert.rejects(
    at.toolbox.configure("tried", mute, at.toolbox.starts("tried", mute)),
    ({ message }: Error) => message.includes(MASK) && !message.includes(KEY),
  );
});

Deno.test("masked: whatever a tool says, shows or asks; a picture stays whole", async () => {
  const tool = {
    ...{ name: "tell", description: "Tells.", parameters: { type: "object" } },
    effect: "none" as const,
    preview: () => Promise.resolve(`GET /?key=${KEY}`),
    call: async (_: unknown, { ask }: { ask?: (text: string, schema: object) => unknown }) => {
      await ask?.(`Is it ${KEY}?`, { type: "object", description: KEY });
      const image = { type: "image" as const, mimeType: "image/svg+xml" as const, data: PICTURE };
      return { content: [image, { type: "chart" as const, spec: { title: KEY } }] };
    },
  };
  const open = () => Promise.resolve({ tools: [tool], close: () => Promise.resolve() });
  const { config } = mcpKind(OFFLINE);
  await using at = await opened(() => ({ config, open }));
  await at.secrets.put("other/token", { token: KEY });
  await at.toolbox.add({ id: "tried", type: "tried", name: "T", config: { url: "http://x.test" } });
  await at.call("tell");
  at.said.push(await (await at.toolbox.tools("tried"))[0]!.preview!({}));
  assertMasked(at.said, 4);
  assert(JSON.stringify(at.said).includes(PICTURE));
});

Deno.test("masked: a lost key file keeps no tool from answering", async () => {
  await using at = await opened(() => mcpKind(OFFLINE));
  await at.secrets.put("a/token", { token: KEY });
  assert.equal(at.secrets.mask(KEY), MASK);
  await Deno.writeTextFile(`${at.folder}/secrets.key`, "lost");
  assert.equal(at.secrets.mask("words"), "words");
});
