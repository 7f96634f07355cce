/** The kind `mcp`: any MCP server, a program on this machine or an address, becomes a plugin. */
import { z } from "zod";
import { commandLine } from "../../command_line.ts";
import type { Secrets } from "../../secrets.ts";
import type { OpenPlugin, Plugin, PluginType } from "../toolbox.ts";
import type { Tool } from "../tool.ts";
import type { Web } from "../web.ts";
import { McpConnection } from "./connection.ts";
import { httpTransport } from "./http.ts";
import { offered } from "./offer.ts";
import { promptsOf } from "./prompts.ts";
import { StdioTransport } from "./stdio.ts";

/** What is shown before it is run must show all that it is. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const line = z.string().max(2000)
  .refine((text) => !UNSEEN.test(text), "must be one line without unseen characters");

/** As other clients' `mcpServers` have it: a program with its arguments, or an address. */
const McpConfig = z.union([
  z.strictObject({
    command: line.min(1).meta({ description: "Program to start; it runs with your rights" }),
    args: z.array(line).max(64).default([]),
    env: z.record(z.string().regex(/^[A-Za-z_]\w{0,99}$/), line).default({})
      .meta({ description: "Its environment, beside PATH and HOME" }),
  }),
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(2000),
    headers: z.record(z.string().regex(/^[\w-]{1,100}$/), line).default({}),
  }),
]);

/** What the kind needs. */
export interface McpNeeds {
  /** The way to servers that are not on this machine. */
  readonly web: Web;
  /** "plugin/headers" and "plugin/env": parts that are sent, or set, beside those of the config. */
  readonly secrets: Pick<Secrets, "get" | "remove">;
}

/** Servers of the Model Context Protocol, in its newest revision and those before. */
export function mcpKind(needs: McpNeeds): PluginType {
  return {
    config: McpConfig,
    starts: (config) => startOf(McpConfig.parse(config)),
    open: (plugin) => open(plugin, needs),
    async forget({ id }, instead) {
      if (instead) return;
      for (const what of ["headers", "env"]) await needs.secrets.remove(`${id}/${what}`);
    },
  };
}

/** The command with what is set for it; parts of its secret stay unsaid. */
function startOf(server: z.infer<typeof McpConfig>): string | undefined {
  if ("url" in server) return undefined;
  const { command, args, env } = server;
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return commandLine([...settings, command, ...args]);
}

async function open({ id, config }: Plugin, { web, secrets }: McpNeeds): Promise<OpenPlugin> {
  const server = McpConfig.parse(config);
  let tools: readonly Tool[] = [];
  let program: StdioTransport | undefined;
  const transport = () => {
    if ("url" in server) {
      const headers = { ...server.headers, ...secrets.get(`${id}/headers`) };
      return httpTransport({ url: server.url, headers }, web);
    }
    const env = { ...server.env, ...secrets.get(`${id}/env`) };
    return program = new StdioTransport({ ...server, env });
  };
  const connection = new McpConnection({
    name: id,
    transport,
    said: () => program?.said ?? "",
    async changed(client) {
      tools = await offered(client, connection);
    },
  });
  await connection.use(() => Promise.resolve());
  return {
    get tools() {
      return tools;
    },
    prompts: promptsOf(connection),
    close: () => connection.close(),
  };
}
