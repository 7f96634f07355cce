/**
 * No secret comes out of a plugin, of whatever kind: a server may repeat what it was sent, a program
 * print what it was given, an error quote an address with its key. All that a plugin says passes here.
 */
import { FlintError } from "@flint/core";
import type { Secrets } from "../secrets.ts";
import type { Tool, ToolContent, ToolContext, ToolResult } from "./tool.ts";
import type { PluginPrompts } from "./toolbox.ts";

/** Hides secrets in a value. */
export type Masking = Pick<Secrets, "mask">;

/** The tool, with secrets masked in what it answers, shows, asks, tells and fails with. */
export function maskedTool(tool: Tool, secrets: Masking): Tool {
  const { preview } = tool;
  return {
    ...tool,
    call: (values, context) =>
      maskedWork(
        secrets,
        async () => maskedResult(await tool.call(values, maskedContext(context, secrets)), secrets),
      ),
    ...(preview && {
      preview: (values) =>
        maskedWork(secrets, async () => secrets.mask(await preview.call(tool, values))),
    }),
  };
}

/** The prompts, masked likewise. */
export function maskedPrompts(prompts: PluginPrompts, secrets: Masking): PluginPrompts {
  return {
    list: () => maskedWork(secrets, async () => secrets.mask(await prompts.list())),
    fill: (name, values) =>
      maskedWork(secrets, async () => {
        const messages = await prompts.fill(name, values);
        return messages.map(({ role, content }) => ({
          role,
          content: maskedPiece(content, secrets),
        }));
      }),
  };
}

/** Does it, with secrets masked in what Flint says when it fails. */
export async function maskedWork<T>(secrets: Masking, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FlintError)) throw error;
    const message = secrets.mask(error.message);
    throw message === error.message ? error : new FlintError(error.code, message);
  }
}

function maskedResult(result: ToolResult, secrets: Masking): ToolResult {
  if (!Array.isArray(result?.content)) return result; // callTool says that it is none
  return { ...result, content: result.content.map((piece) => maskedPiece(piece, secrets)) };
}

/** Pictures stay as they are: a mark in their base64 would break them and hide nothing. */
const maskedPiece = (piece: ToolContent, secrets: Masking): ToolContent =>
  piece?.type === "image" ? piece : secrets.mask(piece);

function maskedContext(context: ToolContext, secrets: Masking): ToolContext {
  const { progress, ask } = context;
  return {
    ...context,
    ...(progress && { progress: (text) => progress(secrets.mask(text)) }),
    ...(ask && {
      ask: (question, schema) => ask(secrets.mask(question), secrets.mask(schema)),
    }),
  };
}
