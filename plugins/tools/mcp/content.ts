/** What MCP servers answer, as results of tools: bounded, and what cannot be shown said in words. */
import type {
  CallToolResult,
  ContentBlock,
  ReadResourceResult,
} from "@modelcontextprotocol/client";
import { firstWords } from "../../plain_text.ts";
import { ToolContent, type ToolResult } from "../tool.ts";

/** Pieces of one result, and characters of one text: more than any model's context holds. */
const PIECES_MAX = 64, TEXT_CHARS_MAX = 100_000;

type Resource = ReadResourceResult["contents"][number];

/** The result of a tool. */
export function resultOf({ content, structuredContent, isError }: CallToolResult): ToolResult {
  // Servers repeat structured content as text for old clients.
  const said = structuredContent === undefined ? undefined : JSON.stringify(structuredContent);
  const rest = content.filter((block) => said === undefined || !repeats(block, said));
  const pieces = rest.map(pieceOf);
  if (said !== undefined) pieces.unshift({ type: "json", value: JSON.parse(said) });
  return bounded(pieces, isError);
}

/** What a resource holds. */
export function resourceResult({ contents }: ReadResourceResult): ToolResult {
  return bounded(contents.map(resourcePiece), false);
}

/** One piece, as it is told here. */
export function pieceOf(block: ContentBlock): ToolContent {
  switch (block.type) {
    case "text":
      return text(block.text);
    case "image":
      return image(block.mimeType, block.data);
    case "audio":
      return text(`[sound, ${firstWords(block.mimeType, 80)}: cannot be played here]`);
    case "resource":
      return resourcePiece(block.resource);
    case "resource_link": {
      const { name, uri, description } = block;
      const about = description ? `: ${firstWords(description, 300)}` : "";
      return text(`[resource ${firstWords(name, 100)}${about}; read_resource reads ${uri}]`);
    }
  }
}

function resourcePiece(resource: Resource): ToolContent {
  if ("text" in resource) return text(`${resource.uri}\n${resource.text}`);
  const { uri, mimeType = "application/octet-stream", blob } = resource;
  if (mimeType.startsWith("image/")) return image(mimeType, blob);
  const bytes = Math.floor(blob.length * 3 / 4);
  return text(
    `[${firstWords(uri, 500)}: ${firstWords(mimeType, 80)}, about ${bytes} bytes, not shown]`,
  );
}

function bounded(pieces: readonly ToolContent[], failed = false): ToolResult {
  const left = pieces.length - PIECES_MAX;
  const shown = left > 0
    ? [...pieces.slice(0, PIECES_MAX - 1), text(`[${left + 1} more pieces left out]`)]
    : [...pieces];
  return { content: shown, ...(failed ? { failed } : {}) };
}

function text(said: string): ToolContent {
  const whole = said.toWellFormed();
  return {
    type: "text",
    text: whole.length > TEXT_CHARS_MAX
      ? `${whole.slice(0, TEXT_CHARS_MAX)}\n[${whole.length - TEXT_CHARS_MAX} characters left out]`
      : whole,
  };
}

/** A picture that can be shown, or words in its place. */
function image(mimeType: string, data: string): ToolContent {
  const picture = ToolContent.safeParse({ type: "image", mimeType, data });
  if (picture.success) return picture.data;
  return text(`[picture, ${firstWords(mimeType, 80)}: too large or of a kind not shown here]`);
}

function repeats(block: ContentBlock, said: string): boolean {
  if (block.type !== "text" || block.text.length > 4 * said.length + 100) return false;
  try {
    return JSON.stringify(JSON.parse(block.text)) === said;
  } catch {
    return false; // words
  }
}
