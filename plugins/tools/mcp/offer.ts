/** What an MCP server offers, as Flint's tools. Its names, texts and schemas are others' words: bounded, one line, never instructions. */
import type { Client, Tool as ServerTool } from "@modelcontextprotocol/client";
import { FlintError } from "@flint/core";
import { checkPlain } from "../../parse.ts";
import { firstWords } from "../../plain_text.ts";
import type { Tool, ToolContext, ToolEffect } from "../tool.ts";
import type { McpConnection } from "./connection.ts";
import { resourceResult, resultOf } from "./content.ts";

/** As many as a grant can name. */
const TOOLS_MAX = 256;
const RESOURCES_MAX = 100;
const DESCRIPTION_CHARS_MAX = 400, SCHEMA_CHARS_MAX = 32_000, URI_CHARS_MAX = 2000;
/** The draft our check knows by name; schemas of others are read as of this one. */
const DRAFT = "https://json-schema.org/draft/2020-12/schema";
/** Longest call: what reports progress may well take minutes. */
const CALL_MS_MAX = 300_000;
/** Progress is passed on this often at most. */
const PROGRESS_MS = 100;

/** Lists the server's tools, and tools for its resources if it has any. */
export async function offered(client: Client, connection: McpConnection): Promise<Tool[]> {
  const { tools } = await client.listTools();
  const usable = tools.slice(0, TOOLS_MAX).filter(isUsable);
  const names = namesOf(usable.map(({ name }) => name));
  const own = usable.map((tool, i) => toolOf(tool, names[i]!, connection));
  if (!client.getServerCapabilities()?.resources) return own;
  const forResources = resourceTools(connection);
  return [...own.slice(0, TOOLS_MAX - forResources.length), ...forResources];
}

/** Tools that can be called in one go, with a schema that is one. */
function isUsable({ inputSchema, execution }: ServerTool): boolean {
  if (execution?.taskSupport === "required") return false;
  if (JSON.stringify(inputSchema).length > SCHEMA_CHARS_MAX) return false;
  try {
    checkPlain(inputSchema);
    return true;
  } catch (error) {
    if (error instanceof FlintError) return false;
    throw error;
  }
}

function toolOf(tool: ServerTool, name: string, connection: McpConnection): Tool {
  const { $schema, ...rest } = tool.inputSchema;
  const parameters = $schema === DRAFT ? { $schema, ...rest } : rest;
  return {
    name,
    description: firstWords(tool.description ?? tool.title ?? tool.name, DESCRIPTION_CHARS_MAX),
    parameters,
    effect: effectOf(tool),
    msMax: CALL_MS_MAX,
    call: async (values, context) => {
      const options = optionsOf(context);
      const params = { name: tool.name, arguments: { ...values } };
      return resultOf(await connection.use((client) => client.callTool(params, options), context));
    },
  };
}

/**
 * Hints are the server's word, and only ever make Flint ask more: the least is once, and always
 * where a tool is not said to only read.
 */
function effectOf({ annotations }: ServerTool): ToolEffect {
  return annotations?.readOnlyHint === true && annotations.destructiveHint !== true
    ? "reads"
    : "writes";
}

/** Other servers' names in our letters, each once. */
function namesOf(names: readonly string[]): string[] {
  const taken = new Set(["list_resources", "read_resource"]);
  return names.map((name) => {
    const plain = name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 60) || "tool";
    let own = plain;
    for (let i = 2; taken.has(own); i++) own = `${plain}_${i}`;
    taken.add(own);
    return own;
  });
}

function optionsOf({ signal, progress }: ToolContext) {
  let last = 0;
  return {
    signal,
    timeout: CALL_MS_MAX,
    onprogress: ({ message, progress: done, total }: Progress) => {
      const now = performance.now();
      if (!progress || now - last < PROGRESS_MS) return;
      last = now;
      progress(message ? firstWords(message, 200) : total ? `${done} of ${total}` : `${done}`);
    },
  };
}

interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** Lists and reads what the server calls resources. */
function resourceTools(connection: McpConnection): Tool[] {
  const list: Tool = {
    name: "list_resources",
    description: "Lists the documents and files that this server can read out.",
    parameters: { type: "object", properties: {}, additionalProperties: false },
    effect: "reads",
    call: (_, context) =>
      connection.use(async (client) => {
        const options = optionsOf(context);
        const [{ resources }, { resourceTemplates }] = await Promise.all([
          client.listResources(undefined, options),
          client.listResourceTemplates(undefined, options),
        ]);
        const value = {
          resources: resources.slice(0, RESOURCES_MAX).map(cardOf),
          templates: resourceTemplates.slice(0, RESOURCES_MAX)
            .map(({ uriTemplate, ...rest }) => cardOf({ ...rest, uri: uriTemplate })),
        };
        return { content: [{ type: "json", value }] };
      }, context),
  };
  const read: Tool = {
    name: "read_resource",
    description: "Reads one of this server's documents or files by its address.",
    parameters: {
      type: "object",
      properties: { uri: { type: "string", minLength: 1, maxLength: URI_CHARS_MAX } },
      required: ["uri"],
      additionalProperties: false,
    },
    effect: "reads",
    call: async ({ uri }, context) => {
      const options = optionsOf(context);
      return resourceResult(
        await connection.use(
          (client) => client.readResource({ uri: String(uri) }, options),
          context,
        ),
      );
    },
  };
  return [list, read];
}

function cardOf({ uri, name, description }: {
  readonly uri: string;
  readonly name: string;
  readonly description?: string | undefined;
}) {
  return {
    uri: firstWords(uri, URI_CHARS_MAX),
    name: firstWords(name, 100),
    ...(description ? { description: firstWords(description, 300) } : {}),
  };
}
