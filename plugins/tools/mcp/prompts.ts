/** The prompts of an MCP server: messages that people, not models, choose to begin with. */
import type { McpConnection } from "./connection.ts";
import { pieceOf } from "./content.ts";
import { firstWords } from "../../plain_text.ts";
import type { PluginPrompts } from "../toolbox.ts";

const PROMPTS_MAX = 100, ARGUMENTS_MAX = 20, MESSAGES_MAX = 50;

/** Lists and fills in what the server offers; nothing where it offers none. */
export function promptsOf(connection: McpConnection): PluginPrompts {
  return {
    list: () =>
      connection.use(async (client) => {
        const { prompts } = await client.listPrompts();
        return prompts.slice(0, PROMPTS_MAX).map((prompt) => ({
          name: prompt.name.slice(0, 200),
          description: firstWords(prompt.description ?? prompt.title ?? "", 400),
          arguments: (prompt.arguments ?? []).slice(0, ARGUMENTS_MAX).map((one) => ({
            name: one.name.slice(0, 100),
            description: firstWords(one.description ?? "", 300),
            required: one.required === true,
          })),
        }));
      }),
    fill: (name, values) =>
      connection.use(async (client) => {
        const { messages } = await client.getPrompt({ name, arguments: { ...values } });
        return messages.slice(0, MESSAGES_MAX).map(({ role, content }) => ({
          role,
          content: pieceOf(content),
        }));
      }),
  };
}
