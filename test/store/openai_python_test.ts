import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { minilmFolder, openLiveStore } from "./live_store.ts";

/** Kept between runs: making it takes half a minute. */
const VENV = new URL("../../.artifacts/python", import.meta.url).pathname;
const SCRIPT = new URL("./openai_client.py", import.meta.url).pathname;
const CLIENT = "openai==3.54.0";

/** A Python with the client, or why there is none. */
async function python(): Promise<{ command: string } | { missing: string }> {
  const command = `${VENV}/bin/python`;
  if (existsSync(`${VENV}/done`)) return { command };
  try {
    await run("python3", ["-m", "venv", "--clear", VENV]);
    await run(command, ["-m", "pip", "install", "--quiet", CLIENT]);
    await Deno.writeTextFile(`${VENV}/done`, CLIENT);
    return { command };
  } catch (error) {
    return { missing: (error as Error).message.split("\n").at(-1)! };
  }
}

async function run(command: string, args: string[], env = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(text(stderr));
  return text(stdout);
}

const found = await python();
const missing = "missing" in found ? ` (skipped: ${found.missing})` : "";

Deno.test({
  name: `openai python client: chat, stream, JSON schema, models, errors${missing}`,
  ignore: missing !== "",
  async fn() {
    assert.ok("command" in found);
    await using store = await openLiveStore();
    const env = {
      BASE_URL: `${store.origin}/v1`,
      WITH_EMBEDDINGS: minilmFolder() ? "1" : "0",
    };
    assert.equal(await run(found.command, [SCRIPT], env), "ok");
  },
});
