/** Tools that run in Flint's own process: what is quick whatever it is given. */
import { z } from "zod";
import type { Tool, ToolContext, ToolResult } from "../tools/tool.ts";

/** A tool whose values zod describes. */
export function ownTool<Input extends z.ZodObject>(tool: {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly effect?: Tool["effect"];
  readonly run: (
    values: z.output<Input>,
    context: ToolContext,
  ) => ToolResult | Promise<ToolResult>;
}): Tool {
  const { $schema: _, ...parameters } = z.toJSONSchema(tool.input, { io: "input" });
  return {
    name: tool.name,
    description: tool.description,
    parameters,
    effect: tool.effect ?? "none",
    call: async (values, context) => await tool.run(tool.input.parse(values), context),
  };
}
