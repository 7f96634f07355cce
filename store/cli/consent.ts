/** What a reply asks of the person at the terminal: leave for a call, values that a call wants. */
import type { ChatEvent, ToolUse } from "@flint/plugins";
import { remark } from "./terminal.ts";

/** Puts a question and resolves with the line that answers it; "" where nobody does. */
export type Ask = (question: string) => Promise<string>;

type Question = Extract<ChatEvent, { type: "question" }>;

/** A decision about a call that waits. Whatever is no clear yes is a no. */
export async function decisionOn(
  call: ToolUse,
  ask: Ask | undefined,
): Promise<"allow" | "allow_conversation" | "deny"> {
  if (!ask) {
    remark(`(${call.name} would need your leave, and nobody can be asked here: not called)`);
    return "deny";
  }
  remark(`${call.plugin}: ${call.name} ${JSON.stringify(call.arguments)}`);
  const always = call.ask === "once" ? ", a for this whole conversation" : "";
  const said = (await ask(`Call it? (y, n${always}) `)).trim().toLowerCase();
  if (said === "a" && call.ask === "once") return "allow_conversation";
  return said === "y" || said === "yes" ? "allow" : "deny";
}

/** Values of a question's schema, asked one by one; null where they are refused. */
export async function valuesOf(
  { text, schema }: Question,
  ask: Ask | undefined,
): Promise<Record<string, string> | null> {
  if (!ask) return null;
  remark(text);
  const { properties = {} } = schema as { properties?: Record<string, { title?: string }> };
  const values: Record<string, string> = {};
  for (const [name, { title }] of Object.entries(properties)) {
    const said = await ask(`${title ?? name}: `);
    if (said !== "") values[name] = said;
  }
  return (await ask("Give this? (y, n) ")).trim().toLowerCase() === "y" ? values : null;
}
