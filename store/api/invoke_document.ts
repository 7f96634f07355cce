/** The part of the API's document that changes: a path for each tool of each assistant, with its own schema. */
import type { Callable } from "@flint/plugins";
import { APPROVAL } from "./invoke.ts";

/** Tools that one document describes; a reader of more would rather ask for one assistant's. */
export const DESCRIBED_MAX = 500;

/** Schemas of the fixed document that a tool's answer is described with. */
export const ANSWER_SCHEMAS = ["ToolResult", "ToolContent", "Problem"] as const;

/** Paths by their names. */
export function pathsOf(callables: readonly Callable[]): Record<string, unknown> {
  return Object.fromEntries(
    callables.slice(0, DESCRIBED_MAX).map((callable) => {
      const { assistant, name } = callable;
      const path = `/plugins/${encodeURIComponent(assistant.id)}/${name}`;
      return [path, { post: operationOf(callable, path) }];
    }),
  );
}

function operationOf({ assistant, name, tool }: Callable, path: string) {
  const at = `#/paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}/post/requestBody`;
  const schema = moved(tool.parameters, `${at}/content/application~1json/schema`);
  const answer = (description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/ToolResult" } } },
  });
  const refused = (description: string) => ({
    description,
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });
  return {
    operationId: `${assistant.id}_${name}`,
    tags: [`Tools of ${assistant.name}`],
    summary: `${assistant.name}: ${name}`,
    description: `${tool.description}\n\n${APPROVAL}`,
    requestBody: {
      required: [tool.parameters.required ?? []].flat().length > 0,
      content: { "application/json": { schema } },
    },
    responses: {
      200: answer("What the tool answers"),
      422: answer("The tool ran and could not do it; the content says why"),
      "4XX": refused("Refused"),
      "5XX": refused("Failed"),
    },
  };
}

/** A schema whose references to its own parts hold where it stands now. */
function moved(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((part) => moved(part, root));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => key !== "$schema").map(([key, part]) => [
      key,
      key === "$ref" && typeof part === "string" && part.startsWith("#")
        ? root + part.slice(1)
        : moved(part, root),
    ]),
  );
}
