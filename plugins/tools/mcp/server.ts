/**
 * Flint as an MCP server: assistants and their tools for any client. A server is made for each
 * exchange or session; all of them speak of the same assistants.
 */
import {
  acceptedContent,
  type CallToolResult,
  type ContentBlock,
  type ElicitRequestFormParams,
  type GetPromptResult,
  inputRequired,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  Server,
  type ServerContext,
  type Tool as ServerTool,
} from "@modelcontextprotocol/server";
import { FlintError } from "@flint/core";
import { ASK, type Callable, type Callables, type Caller } from "../../callable.ts";
import { firstWords } from "../../plain_text.ts";
import type { Assistant } from "../../schema.ts";
import { textResult, type ToolContent, type ToolResult } from "../tool.ts";
import type { Outcome, ParkedCalls, Question } from "./parked.ts";
import { wireName } from "../wire_name.ts";

/** What of Flint is offered. */
export interface McpOffer {
  readonly callables: Callables;
  /** Calls whose question is open: one object for all exchanges. */
  readonly parked: ParkedCalls;
  /** Id of the one assistant whose tools are offered under their own names; all assistants unless given. */
  readonly assistant?: string;
}

const RESOURCE = "flint://assistants/";
const TEXT_CHARS_MAX = 1000;
/** As many as the protocol lets an answer have. */
const COMPLETIONS_MAX = 100;
/** The name of the one question that a call may have open. */
const QUESTION = "question";

/** A server that has not met its client yet. */
export function createMcpServer(offer: McpOffer): Server {
  const server = new Server({ name: "flint", title: "Flint", version: "1" }, {
    capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
    instructions: "Assistants on this machine. ask tools put a question to one of them.",
  });
  offerTools(server, offer);
  offerPrompts(server, offer);
  offerManifests(server, offer);
  return server;
}

/** Tools to call; an assistant itself is one. */
function offerTools(server: Server, offer: McpOffer): void {
  server.setRequestHandler(
    "tools/list",
    async () => ({ tools: (await toolsOf(offer)).map(cardOf) }),
  );
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const found = (await toolsOf(offer)).find(({ name }) => name === params.name);
    if (!found) throw unknown(`there is no tool "${firstWords(params.name, 100)}"`);
    const values = params.arguments ?? {};
    const outcome = await outcomeOf(
      offer,
      found.callable,
      values,
      callerOf(server, context),
      context,
    );
    return "result" in outcome
      ? shown(outcome.result)
      : questioned(outcome.question, outcome.state);
  });
}

/** Instructions of assistants, for the client's own model to speak by; prompts of one's plugins. */
function offerPrompts(server: Server, offer: McpOffer): void {
  server.setRequestHandler("prompts/list", async () => ({
    prompts: [
      ...assistantsOf(offer).map(({ id, name, description }) => ({
        name: wireName(id),
        title: name,
        description: `Lets your own model speak as this assistant. ${
          firstWords(description, TEXT_CHARS_MAX)
        }`,
        arguments: [{ name: "message", description: "What to ask", required: false }],
      })),
      ...(await pluginPrompts(offer)).map(({ about }) => ({
        ...about,
        name: wireName(about.name),
      })),
    ],
  }));
  server.setRequestHandler("prompts/get", async ({ params }): Promise<GetPromptResult> => {
    const values = params.arguments ?? {};
    const assistant = assistantsOf(offer).find(({ id }) => wireName(id) === params.name);
    if (assistant) return spokenBy(assistant, values.message);
    const found = (await pluginPrompts(offer))
      .find(({ about }) => wireName(about.name) === params.name);
    if (!found) throw unknown(`there is no prompt "${firstWords(params.name, 100)}"`);
    const messages = await found.fill(values);
    return {
      description: found.about.description,
      messages: messages.map(({ role, content }) => ({ role, content: blockOf(content) })),
    };
  });
}

/** Those of the one assistant's plugins; of all assistants they would be too many to choose from. */
const pluginPrompts = async ({ callables, assistant }: McpOffer) =>
  assistant === undefined ? [] : await callables.prompts(assistant);

function spokenBy({ name, instructions }: Assistant, message = ""): GetPromptResult {
  const text = [instructions, message].filter((part) => part !== "").join("\n\n");
  return { description: name, messages: [{ role: "user", content: { type: "text", text } }] };
}

/** Manifests of assistants, to read. */
function offerManifests(server: Server, offer: McpOffer): void {
  server.setRequestHandler("resources/list", () => ({
    resources: assistantsOf(offer).map(({ id, name, description }) => ({
      uri: RESOURCE + encodeURIComponent(id),
      name: wireName(id),
      title: name,
      description: firstWords(description, TEXT_CHARS_MAX),
      mimeType: "application/json",
    })),
  }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [{
      uriTemplate: `${RESOURCE}{id}`,
      name: "manifest",
      description: "The manifest of an assistant",
      mimeType: "application/json",
    }],
  }));
  server.setRequestHandler("completion/complete", ({ params: { ref, argument } }) => {
    const isId = ref.type === "ref/resource" && argument.name === "id";
    const ids = assistantsOf(offer).map(({ id }) => id)
      .filter((id) => isId && id.startsWith(argument.value));
    const values = ids.slice(0, COMPLETIONS_MAX);
    return { completion: { values, total: ids.length, hasMore: ids.length > values.length } };
  });
  server.setRequestHandler("resources/read", ({ params }): ReadResourceResult => {
    const found = assistantsOf(offer)
      .find(({ id }) => RESOURCE + encodeURIComponent(id) === params.uri);
    if (!found) throw new ResourceNotFoundError(params.uri);
    const { extra: _, ...manifest } = found;
    const text = JSON.stringify(manifest);
    return { contents: [{ uri: params.uri, mimeType: "application/json", text }] };
  });
}

/** A callable under the name that is unique in the offer. */
interface Named {
  readonly name: string;
  readonly callable: Callable;
}

async function toolsOf({ callables, assistant }: McpOffer): Promise<Named[]> {
  if (assistant !== undefined) {
    return (await callables.of(assistant)).map((callable) => ({ name: callable.name, callable }));
  }
  return (await callables.all()).map((callable) => {
    const { assistant: { id }, name } = callable;
    return { name: wireName(name === ASK ? `${ASK}_${id}` : `${id}_${name}`), callable };
  });
}

const assistantsOf = ({ callables, assistant }: McpOffer): readonly Assistant[] =>
  callables.assistants().filter(({ id }) => id === (assistant ?? id));

function cardOf({ name, callable }: Named): ServerTool {
  const { assistant, tool } = callable;
  const isAsk = callable.name === ASK;
  return {
    name,
    title: isAsk ? `Ask ${assistant.name}` : `${callable.name} (${assistant.name})`,
    description: firstWords(tool.description, TEXT_CHARS_MAX),
    inputSchema: { ...tool.parameters, type: "object" },
    annotations: {
      readOnlyHint: tool.effect !== "writes",
      destructiveHint: tool.effect === "writes",
      openWorldHint: tool.effect !== "none",
    },
  };
}

/** What the client is told meanwhile, and whether its user can be asked. */
function callerOf(server: Server, { mcpReq }: ServerContext): Caller {
  const token = mcpReq._meta?.progressToken;
  let count = 0;
  const progress = (message: string) => {
    const params = { progressToken: token!, progress: ++count, message };
    mcpReq.notify({ method: "notifications/progress", params }).catch(() => {}); // it has gone
  };
  const nobody = () => Promise.resolve(undefined);
  return {
    signal: mcpReq.signal,
    ...(token === undefined ? {} : { progress }),
    ...(server.getClientCapabilities()?.elicitation ? { ask: nobody } : {}),
  };
}

/** Begins a call, or goes on with one whose question the request answers. */
async function outcomeOf(
  { callables, parked }: McpOffer,
  callable: Callable,
  values: unknown,
  caller: Caller,
  { mcpReq }: ServerContext,
): Promise<Outcome> {
  const state = mcpReq.requestState<string>();
  try {
    if (state !== undefined) {
      const answer = acceptedContent(mcpReq.inputResponses, QUESTION);
      return await parked.answer(state, answer, mcpReq.signal);
    }
    if (!caller.ask) return { result: await callables.call(callable, values, caller) };
    return await parked.begin(
      (own) => callables.call(callable, values, { ...caller, ...own }),
      mcpReq.signal,
    );
  } catch (error) {
    // A model reads results and may mend what was wrong.
    if (!(error instanceof FlintError)) throw error;
    if (state !== undefined && error.code === "not_found") throw unknown(error.message);
    return { result: textResult(error.message, true) };
  }
}

/** A question as clients get it; their answer comes with the same call again. */
function questioned({ message, schema }: Question, state: string): InputRequiredResult {
  const question = { mode: "form", message, requestedSchema: schema } as ElicitRequestFormParams;
  return inputRequired({
    inputRequests: { [QUESTION]: inputRequired.elicit(question) },
    requestState: state,
  });
}

function shown({ content, failed }: ToolResult): CallToolResult {
  const structured = content.find((piece) => piece.type === "json");
  const isObject = structured && typeof structured.value === "object" &&
    structured.value !== null &&
    !Array.isArray(structured.value);
  return {
    content: content.map(blockOf),
    ...(isObject ? { structuredContent: structured.value as Record<string, unknown> } : {}),
    ...(failed ? { isError: true } : {}),
  };
}

function blockOf(piece: ToolContent): ContentBlock {
  switch (piece.type) {
    case "text":
      return piece;
    case "image":
      return piece;
    case "json":
      return { type: "text", text: JSON.stringify(piece.value) };
    case "chart":
      return { type: "text", text: JSON.stringify(piece.spec) };
  }
}

const unknown = (message: string) => new ProtocolError(ProtocolErrorCode.InvalidParams, message);
