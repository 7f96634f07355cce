/** An MCP server with the tools that the official conformance suite calls, as that asks for them. */
import {
  type CallToolResult,
  type ContentBlock,
  type ElicitRequestFormParams,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

const text = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });

/** Asks the client for an object of these fields. */
async function asked({ mcpReq }: ServerContext, message: string, schema: object) {
  const requestedSchema = { type: "object", ...schema };
  const question = { mode: "form", message, requestedSchema } as ElicitRequestFormParams;
  const { action, content } = await mcpReq.elicitInput(question);
  return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
}

const options = ["option1", "option2", "option3"];
const titled = [1, 2, 3].map((i) => ({ const: `value${i}`, title: `Choice ${i}` }));

const NAME = { properties: { name: { type: "string" } }, required: ["name"] };

interface Fixture {
  readonly inputSchema?: object;
  readonly run: (context: ServerContext, values: Record<string, unknown>) =>
    | CallToolResult
    | Promise<CallToolResult>;
}

const FIXTURES: Record<string, Fixture> = {
  test_simple_text: { run: () => text("This is a simple text response for testing.") },
  test_image_content: {
    run: () => ({ content: [{ type: "image", data: PIXEL, mimeType: "image/png" }] }),
  },
  test_error_handling: {
    run: () => ({ ...text("This tool intentionally returns an error for testing"), isError: true }),
  },
  test_tool_with_progress: {
    async run({ mcpReq }) {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken === undefined) break;
        const params = { progressToken, progress, total: 100 };
        await mcpReq.notify({ method: "notifications/progress", params });
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      return text("done");
    },
  },
  test_elicitation: {
    inputSchema: { properties: { message: { type: "string" } }, required: ["message"] },
    run: (context, { message }) =>
      asked(context, String(message), {
        properties: { username: { type: "string" }, email: { type: "string" } },
        required: ["username", "email"],
      }),
  },
  test_elicitation_sep1034_defaults: {
    run: (context) =>
      asked(context, "Your details", {
        properties: {
          name: { type: "string", default: "John Doe" },
          age: { type: "integer", default: 30 },
          score: { type: "number", default: 95.5 },
          status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
          verified: { type: "boolean", default: true },
        },
      }),
  },
  test_elicitation_sep1330_enums: {
    run: (context) =>
      asked(context, "Your choices", {
        properties: {
          untitledSingle: { type: "string", enum: options },
          titledSingle: { type: "string", oneOf: titled },
          legacyEnum: {
            type: "string",
            enum: ["opt1", "opt2", "opt3"],
            enumNames: ["Option One", "Option Two", "Option Three"],
          },
          untitledMulti: { type: "array", items: { type: "string", enum: options } },
          titledMulti: { type: "array", items: { anyOf: titled } },
        },
      }),
  },
  json_schema_2020_12_tool: {
    inputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $defs: {
        address: {
          $anchor: "addressDef",
          type: "object",
          properties: { street: { type: "string" }, city: { type: "string" } },
        },
      },
      properties: {
        name: { type: "string" },
        address: { $ref: "#/$defs/address" },
        contactMethod: { type: "string", enum: ["phone", "email"] },
        phone: { type: "string" },
        email: { type: "string" },
      },
      allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
      if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
      then: { required: ["phone"] },
      else: { required: ["email"] },
      additionalProperties: false,
    },
    run: () => text("ok"),
  },
  test_logging_tool: { run: () => text("nothing was logged") },
  test_input_required_result_elicitation: {
    run: (context) => asked(context, "What is your name?", NAME),
  },
  test_input_required_result_request_state: {
    run: (context) => asked(context, "What is your name?", NAME),
  },
  test_input_required_result_multi_round: {
    async run(context) {
      await asked(context, "What is your name?", NAME);
      return await asked(context, "Your colour?", { properties: { color: { type: "string" } } });
    },
  },
  test_input_required_result_tampered_state: {
    run: (context) => asked(context, "What is your name?", NAME),
  },
  test_streaming_elicitation: {
    run: (context) => asked(context, "Go on?", { properties: { yes: { type: "boolean" } } }),
  },
};

const server = new Server({ name: "conformance", version: "1" }, {
  capabilities: { tools: {}, prompts: {} },
});
server.setRequestHandler("tools/list", () => ({
  tools: Object.entries(FIXTURES).map(([name, { inputSchema }]) => ({
    name,
    description: `The suite's ${name}.`,
    inputSchema: { type: "object" as const, ...inputSchema },
  })),
}));
server.setRequestHandler(
  "tools/call",
  ({ params }, context) => FIXTURES[params.name]!.run(context, params.arguments ?? {}),
);
const user = (content: ContentBlock) => ({ role: "user" as const, content });
const ARGUMENTS = ["arg1", "arg2"];
const PROMPTS = ["test_simple_prompt", "test_prompt_with_arguments", "test_prompt_with_image"];
server.setRequestHandler("prompts/list", () => ({
  prompts: PROMPTS.map((name) => ({
    name,
    description: `The suite's ${name}.`,
    ...(name.endsWith("arguments") && {
      arguments: ARGUMENTS.map((name) => ({ name, description: name, required: true })),
    }),
  })),
}));
server.setRequestHandler("prompts/get", ({ params: { name, arguments: values = {} } }) => {
  const given = ARGUMENTS.map((one) => `${one}='${values[one]}'`).join(", ");
  const picture = { type: "image" as const, data: PIXEL, mimeType: "image/png" };
  const words = text(name.endsWith("arguments") ? `Prompt with arguments: ${given}` : "A prompt.");
  const messages = words.content.map(user);
  return { messages: name.endsWith("image") ? [user(picture), ...messages] : messages };
});
await server.connect(new StdioServerTransport());
