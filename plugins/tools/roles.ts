/** Which roles a model's chat template knows: some refuse a tool's or a late system message, or drop it. */
import { type ChatMessage, FlintError, type TextFace } from "@flint/core";

/** Roles that not every template has a place for behind the conversation's beginning. */
type LateRole = "tool" | "system";

const PROBE = "probe 4711";
const known = new WeakMap<TextFace, Map<LateRole, boolean>>();

/** Whether what a message of this role says, behind others, reaches the model. */
export function takesRole(text: TextFace, role: LateRole): boolean {
  const roles = known.get(text) ?? new Map<LateRole, boolean>();
  known.set(text, roles);
  const takes = roles.get(role) ?? shows(text, role);
  roles.set(role, takes);
  return takes;
}

function shows(text: TextFace, role: LateRole): boolean {
  const messages: ChatMessage[] = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
    { role, content: PROBE, toolCallId: "call_probe" },
  ];
  try {
    return text.decode(text.chat(messages)).includes(PROBE);
  } catch (error) {
    if (error instanceof FlintError && error.code === "bad_input") return false;
    throw error;
  }
}
