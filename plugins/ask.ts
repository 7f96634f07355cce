/** One question to an assistant from a program or another assistant: no conversation is kept. */
import { type Engine, FlintError, type Usage } from "@flint/core";
import type { Assistants } from "./assistant.ts";
import { firstWords } from "./plain_text.ts";
import { MESSAGE_CHARS_MAX } from "./schema.ts";
import { ANSWER_TOKENS } from "./stateless.ts";
import { textResult, type Tool, type ToolContext } from "./tools/tool.ts";

/** How many assistants may ask one another in a row: a circle of them ends here. */
export const DEPTH_MAX = 3;
/** A small machine may take minutes for a long answer, and for what that asks in turn. */
const ASK_MS_MAX = 10 * 60_000;
/** How many tokens apart the growth of an answer is told, and how many characters of it. */
const TAIL_PIECES = 4, TAIL_CHARS = 200;

/** Who answers. */
export interface AskNeeds {
  readonly assistants: Pick<Assistants, "prepare" | "enter">;
  /** The engine that answers now; throws FlintError "unavailable" if none does. */
  readonly engine: () => Engine;
}

/** What was answered, and what the words of it cost. */
export interface Asked {
  readonly text: string;
  readonly usage: Usage;
}

/**
 * Asks an assistant, whose own tools run first: those that nobody has to be asked about. Nothing of
 * the engine is held while they do, so that an assistant asked in turn finds room however little
 * there is. `said` takes the answer piece by piece.
 * @throws FlintError not_found, denied where too many have asked one another, unavailable, cancelled
 */
export async function askAssistant(
  { assistants }: AskNeeds,
  { id, message }: { readonly id: string; readonly message: string },
  context: ToolContext,
  said: (text: string) => void = () => {},
): Promise<Asked> {
  if (context.depth >= DEPTH_MAX) {
    throw new FlintError("denied", `more than ${DEPTH_MAX} assistants would be asking one another`);
  }
  const { signal, user, depth } = context;
  const messages = [{ role: "user", content: message }] as const;
  await using visit = await assistants.enter(id, { user, begins: true });
  const options = { signal, user, depth: depth + 1, visit };
  const { request } = await assistants.prepare(id, messages, options);
  const maxTokens = Math.min(request.maxTokens ?? ANSWER_TOKENS, ANSWER_TOKENS);
  let text = "";
  for await (const event of visit.engine.generate({ ...request, maxTokens }, signal)) {
    if (event.type === "done") {
      if (event.reason === "cancelled") break;
      return { text, usage: event.usage };
    }
    text += event.text;
    if (event.text !== "") said(event.text);
  }
  throw new FlintError("cancelled", `the question to ${id} was cancelled`);
}

/** An assistant as a tool: a message in, its answer out. */
export function askTool(
  needs: AskNeeds,
  { id, name, description }: AskedAssistant,
  toolName: string,
): Tool {
  return {
    name: toolName,
    description: `Asks the assistant "${name}". ${description}`.trim(),
    parameters: ASK_PARAMETERS,
    effect: "none",
    msMax: ASK_MS_MAX,
    call: async ({ message }, context) => {
      const question = { id, message: String(message) };
      const { text } = await askAssistant(needs, question, context, tail(context.progress));
      return textResult(text);
    },
  };
}

/** Tells how an answer grows: its last words, now and then. */
function tail(progress: ToolContext["progress"] = () => {}): (piece: string) => void {
  let end = "", pieces = 0;
  return (piece) => {
    end = (end + piece).slice(-TAIL_CHARS);
    if (++pieces % TAIL_PIECES === 0) progress(firstWords(end, TAIL_CHARS));
  };
}

/** What is told of an assistant that can be asked. */
export interface AskedAssistant {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** One object for all, so that its check is compiled once. */
const ASK_PARAMETERS = {
  type: "object",
  properties: {
    message: {
      type: "string",
      minLength: 1,
      maxLength: MESSAGE_CHARS_MAX,
      description: "What to ask; the assistant knows nothing of this conversation",
    },
  },
  required: ["message"],
  additionalProperties: false,
} as const;
