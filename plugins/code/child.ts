/**
 * The program of a plugin's process: loads the file it is sent and runs its tools. It has no
 * permission of any kind, and neither has the file; what both may ask for, Flint decides.
 */
import { z } from "zod";
import { type CallContext, definePlugin, type PluginDefinition } from "@flint/plugin";
import { frameOf, FrameReader } from "./frames.ts";
import { type FromPlugin, SAID_CHARS_MAX, ToPlugin } from "./messages.ts";

/** Of Flint's: responses have 4 MiB in base64. */
const FRAME_BYTES_MAX = 16 << 20;

// Taken before the file is loaded, which may change all that is global.
const write = Deno.stdout.writeSync.bind(Deno.stdout);
const exit = Deno.exit;

let mark = new Uint8Array(0);
let plugin: PluginDefinition;
const calls = new Map<number, AbortController>();
const asked = new Map<number, PromiseWithResolvers<ToPlugin>>();
let nextAsked = 0;

const reader = new FrameReader(FRAME_BYTES_MAX);
for await (const bytes of Deno.stdin.readable) {
  for (const found of reader.push(bytes)) {
    if ("json" in found) hear(ToPlugin.parse(JSON.parse(found.json)));
  }
}
exit(0); // Flint is gone

function hear(message: ToPlugin): void {
  if (message.type === "begin") begin(message.mark);
  else if (message.type === "load") load(message.source);
  else if (message.type === "call") run(message);
  else if (message.type === "cancel") calls.get(message.id)?.abort();
  else asked.get(message.id)?.resolve(message);
}

function say(message: FromPlugin): void {
  writeAll(mark);
  writeAll(frameOf(message));
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += write(bytes.subarray(at));
}

function begin(text: string): void {
  mark = Uint8Array.fromBase64(text);
  say({ type: "up" });
}

async function load(source: string): Promise<void> {
  try {
    const file = new Blob([source], { type: "application/typescript" });
    plugin = definePlugin((await import(URL.createObjectURL(file))).default);
    say(described());
  } catch (error) {
    say({ type: "broken", message: textOf(error) });
  }
}

function described(): FromPlugin {
  if (typeof plugin?.name !== "string" || !Array.isArray(plugin.tools)) {
    throw new Error("the file has no plugin: export default definePlugin({ ... })");
  }
  const { name, description, needs: { hosts = [], secrets = [] } = {}, tools } = plugin;
  return {
    type: "ready",
    name,
    description,
    hosts: [...hosts],
    secrets: [...secrets],
    tools: tools.map(({ name, description, input, effect }) => ({
      name,
      description,
      parameters: JSON.stringify(z.toJSONSchema(input as z.ZodObject, { io: "input" })),
      effect: effect ?? (hosts.length > 0 ? "reads" : "none"),
    })),
  };
}

async function run({ id, tool, values }: Extract<ToPlugin, { type: "call" }>): Promise<void> {
  const stop = new AbortController();
  calls.set(id, stop);
  try {
    const definition = plugin.tools.find(({ name }) => name === tool)!;
    const result = await definition.run(
      definition.input.parse(values),
      contextOf(id, stop.signal),
    );
    sayResult(id, result);
  } catch (error) {
    say({ type: "failed", call: id, message: textOf(error) });
  } finally {
    calls.delete(id);
  }
}

function sayResult(call: number, result: unknown): void {
  const text = typeof result === "string" ? result : JSON.stringify(result) ?? "null";
  if (text.length > SAID_CHARS_MAX) {
    const message = `the result has ${text.length} characters, at most ${SAID_CHARS_MAX} may be`;
    return say({ type: "failed", call, message });
  }
  if (typeof result === "string") say({ type: "text", call, text });
  else say({ type: "json", call, json: text });
}

function contextOf(call: number, signal: AbortSignal): CallContext {
  return {
    signal,
    progress: (text) => say({ type: "progress", call, text: String(text).slice(0, 500) }),
    secret: async (name) => {
      const answer = await ask((id) => ({ type: "secret", call, id, name }));
      return answer.type === "secret" ? answer.value : refuse(answer);
    },
    fetch: async (url, { method = "GET", headers = {}, body } = {}) => {
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
      const sent = bytes ? { body: bytes.toBase64() } : {};
      const answer = await ask((id) => ({
        ...{ type: "fetch", call, id, url: String(url), method },
        ...{ headers: { ...headers }, ...sent },
      }));
      return answer.type === "response" ? responseOf(answer) : refuse(answer);
    },
  };
}

async function ask(message: (id: number) => FromPlugin): Promise<ToPlugin> {
  const id = nextAsked++;
  const answer = Promise.withResolvers<ToPlugin>();
  asked.set(id, answer);
  say(message(id));
  try {
    return await answer.promise;
  } finally {
    asked.delete(id);
  }
}

function responseOf({ status, headers, body, url }: Extract<ToPlugin, { type: "response" }>) {
  const empty = status === 204 || status === 205 || status === 304;
  const response = new Response(empty ? null : Uint8Array.fromBase64(body), { status, headers });
  Object.defineProperty(response, "url", { value: url });
  return response;
}

function refuse(answer: ToPlugin): never {
  throw new Error(answer.type === "refused" ? answer.message : "Flint answered something else");
}

function textOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error).slice(0, 2000);
  return String(error instanceof Error ? error.message : error).slice(0, 2000);
}
