/**
 * Plugins that are one file of TypeScript (plugin.ts tells how they are written), kept as source with
 * its hash and what it was granted, and run in a process of their own (process.ts).
 */
import { FlintError } from "@flint/core";
import { checkPlain } from "../parse.ts";
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Web } from "../tools/web.ts";
import type { Secrets } from "../secrets.ts";
import { type Tool, type ToolContext, type ToolEffect, ToolName } from "../tools/tool.ts";
import type { OpenPlugin, PluginType } from "../tools/toolbox.ts";
import { type Ready, SOURCE_CHARS_MAX, type ToPlugin } from "./messages.ts";
import { BOUNDS, type Bounds, PluginProcess, type Question } from "./process.ts";

/** What a plugin of this kind is: its file, and what it was granted. */
export const CodeConfig = z.strictObject({
  source: z.string().min(1).max(SOURCE_CHARS_MAX),
  /** Of the source in UTF-8, in hex: what is run is what was shown. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
  /** Hosts it may fetch from. */
  hosts: z.array(z.hostname()).max(32).default([]),
  /** Names of secrets it may read. */
  secrets: z.array(z.string().min(1).max(100)).max(32).default([]),
}).refine(({ source, sha256 }) => sha256Of(source) === sha256, {
  path: ["sha256"],
  message: "is not the hash of the source: the file was changed",
});
export type CodeConfig = z.infer<typeof CodeConfig>;

/** What plugins of this kind are given. */
export interface CodeNeeds {
  readonly egress: Pick<Web, "send">;
  /** Where a plugin's secret NAME is kept as "plugin/NAME". */
  readonly secrets?: Pick<Secrets, "get">;
  /** Takes what plugins print. Default: it is dropped. */
  readonly print?: (text: string) => void;
  readonly bounds?: Partial<Bounds>;
}

/** How long a call may take, milliseconds. */
const CALL_MS_MAX = 30_000;
/** Headers that a connection's own are, not a request's. */
const NOT_THEIRS =
  /^(host|connection|keep-alive|transfer-encoding|content-length|te|trailer|upgrade|expect|proxy-.*)$/i;

/** The hash that CodeConfig wants. */
export function sha256Of(source: string): string {
  return createHash("sha256").update(source).digest("hex");
}

/** The kind. */
export function codePlugins(needs: CodeNeeds): PluginType {
  return {
    config: CodeConfig,
    open: async ({ id, config }) => {
      const plugin = new CodePlugin(id, config as CodeConfig, needs);
      await plugin.begin();
      return plugin;
    },
  };
}

/** What a file says of itself; it is loaded without any grant. @throws FlintError bad_input */
export async function describeCode(source: string, print?: (text: string) => void): Promise<Ready> {
  const answer = () => Promise.reject(new FlintError("denied", "nothing is granted yet"));
  const given = print ? { print } : {};
  const started = await PluginProcess.start({
    ...{ id: "the plugin", source, bounds: BOUNDS, answer, ...given },
  });
  started.process.kill("it was only looked at");
  await started.process.ended;
  checkTools(started.ready);
  return started.ready;
}

/** @throws FlintError bad_input for names and schemas that no tool may have */
function checkTools({ tools }: Ready): void {
  const names = tools.map(({ name }) => name);
  const wrong = names.find((name, i) =>
    !ToolName.safeParse(name).success || names.indexOf(name) !== i
  );
  if (wrong !== undefined) {
    throw new FlintError("bad_input", `"${wrong}" is no name of a tool, or there are two of it`);
  }
  for (const { name, parameters } of tools) readSchema(name, parameters);
}

/** The schema that a plugin gives of a tool's values. @throws FlintError bad_input */
function readSchema(tool: string, json: string): Record<string, unknown> {
  const schema: unknown = JSON.parse(json);
  checkPlain(schema);
  const { $schema: _, ...read } = Object(schema);
  if (read.type === "object") return read;
  throw new FlintError("bad_input", `the input of ${tool} must be a z.object`);
}

class CodePlugin implements OpenPlugin {
  readonly #id: string;
  readonly #config: CodeConfig;
  readonly #needs: CodeNeeds;
  #process: Promise<PluginProcess> | undefined;
  readonly #effects = new Map<string, ToolEffect>();
  tools: readonly Tool[] = [];

  constructor(id: string, config: CodeConfig, needs: CodeNeeds) {
    this.#id = id;
    this.#config = config;
    this.#needs = needs;
  }

  /** Starts it for the first time: it says what its tools are. */
  async begin(): Promise<void> {
    const { process, ready } = await this.#start();
    this.#process = Promise.resolve(process);
    try {
      checkTools(ready);
      this.#checkGrants(ready);
      this.tools = ready.tools.map((said) => this.#tool(said));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const process = await this.#process?.catch(() => undefined);
    process?.kill(`${this.#id} was closed`);
    await process?.ended;
  }

  #start() {
    const { bounds, print } = this.#needs;
    return PluginProcess.start({
      id: this.#id,
      source: this.#config.source,
      bounds: { ...BOUNDS, ...bounds },
      answer: (question, tool, context) => this.#answer(question, tool, context),
      print,
    });
  }

  #checkGrants({ hosts, secrets }: Ready): void {
    const wanted = [
      ...hosts.filter((host) => !this.#config.hosts.includes(host)),
      ...secrets.filter((name) => !this.#config.secrets.includes(name)),
    ];
    if (wanted.length === 0) return;
    throw new FlintError("denied", `${this.#id} needs ${wanted.join(", ")}: grant it or leave it`);
  }

  #tool({ name, description, parameters, effect }: Ready["tools"][number]): Tool {
    this.#effects.set(name, effect);
    return {
      name,
      description,
      parameters: readSchema(name, parameters),
      effect,
      msMax: CALL_MS_MAX,
      call: async (values, context) => (await this.#running()).call(name, values, context),
    };
  }

  /** The process; a new one where the last was idle for long or did not survive. */
  async #running(): Promise<PluginProcess> {
    const last = await this.#process?.catch(() => undefined);
    if (last?.running) return last;
    const starting = this.#process = this.#start().then(({ process }) => process);
    return await starting;
  }

  #answer(question: Question, tool: string, context: ToolContext): Promise<ToPlugin> {
    return question.type === "secret"
      ? Promise.resolve(this.#secret(question))
      : this.#fetch(question, this.#effects.get(tool) ?? "none", context);
  }

  #secret({ id, name }: Extract<Question, { type: "secret" }>): ToPlugin {
    const kept = this.#config.secrets.includes(name)
      ? this.#needs.secrets?.get(`${this.#id}/${name}`)
      : undefined;
    const [value] = Object.values(kept ?? {});
    if (value !== undefined) return { type: "secret", id, value };
    throw new FlintError("denied", `there is no secret "${name}" for ${this.#id}`);
  }

  async #fetch(
    { id, url, method, headers, body }: Extract<Question, { type: "fetch" }>,
    effect: ToolEffect,
    { signal }: ToolContext,
  ): Promise<ToPlugin> {
    this.#checkHost(url);
    if (effect === "none" || (effect === "reads" && !/^(get|head)$/i.test(method))) {
      throw new FlintError("denied", `a tool of effect "${effect}" may not ${method}`);
    }
    const response = await this.#needs.egress.send({
      url,
      method,
      headers: Object.fromEntries(
        Object.entries(headers).filter(([name]) => !NOT_THEIRS.test(name)),
      ),
      ...(body === undefined ? {} : { body: Uint8Array.fromBase64(body) }),
      signal,
      hosts: this.#config.hosts,
    });
    return { type: "response", id, ...response, body: response.body.toBase64() };
  }

  #checkHost(url: string): void {
    const host = URL.parse(url)?.hostname ?? "";
    if (this.#config.hosts.includes(host)) return;
    throw new FlintError("denied", `${this.#id} was not granted to fetch from ${host || url}`);
  }
}
